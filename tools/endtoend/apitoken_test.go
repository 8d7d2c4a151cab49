package endtoend_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/tools/contract"
)

// apiToken makes an API token for the given routes, all if there are none.
func (c caller) apiToken(token string, routes ...contract.Route) string {
	c.t.Helper()
	body := map[string]any{"name": "script"}
	if len(routes) > 0 {
		var only []map[string]string
		for _, route := range routes {
			only = append(only, map[string]string{"method": route.Method, "resource": route.Template()})
		}
		body["routes"] = only
	}
	got := c.as(token, http.MethodPost, "/api-tokens", body)
	wants(c.t, "making an API token", got, 201)
	if !strings.HasPrefix(got.Text("api_token"), "spk_") {
		c.t.Errorf("it begins with %.4s", got.Text("api_token"))
	}
	return got.Text("api_token")
}

// changer changes accounts as the operator does, in the tables of the shared run.
func changer(t *testing.T) *account.Changer {
	t.Helper()
	d := openDatabase(t, shared)
	return account.NewChanger(accountstore.New(d.client, accountstore.Tables{Accounts: d.tables["Accounts"], Tokens: d.tables["Tokens"]}))
}

func TestAnAPITokenOpensTheRoutesThatTheContractOpensToAPITokensAndNoOther(t *testing.T) {
	c := calling(t, shared.Client)
	for _, role := range []string{"ADMIN", "DEVELOPER"} {
		_, session := c.member(shared, role)
		all := c.apiToken(session)
		narrowed := map[string]string{}
		for _, route := range contract.Routes() {
			if route.APITokens && route.Allows(role) {
				narrowed[route.Method+" "+route.Template()] = c.apiToken(session, route)
			}
		}
		if len(narrowed) < 2 {
			t.Fatalf("%s can narrow API tokens to %d routes: too few to tell them apart", role, len(narrowed))
		}
		for _, route := range contract.Routes() {
			name := route.Method + " " + route.Template()
			want := 403
			if route.APITokens && route.Allows(role) {
				want = route.Status
			}
			wants(t, name+" with an API token of "+role, c.as(all, route.Method, route.Path, route.Body), want)
			for only, token := range narrowed {
				want := 403
				if only == name {
					want = route.Status
				}
				wants(t, name+" with one of "+role+" for "+only, c.as(token, route.Method, route.Path, route.Body), want)
			}
		}
		wants(t, "logging out", c.logout(session), 204)
		wants(t, "an API token outlives that", c.get("/dashboard", all), 200)
	}
}

func TestAnAPITokenIsShownOnceListedAndGoneOnceRevoked(t *testing.T) {
	c := calling(t, shared.Client)
	_, session := c.member(shared, "DEVELOPER")
	_, foreign := c.member(shared, "ADMIN")
	foreigner := c.as(foreign, http.MethodPost, "/api-tokens", map[string]any{"name": "theirs"})
	made := c.as(session, http.MethodPost, "/api-tokens", map[string]any{
		"name": "日本 nightly", "expires_in": 60, "routes": []map[string]string{{"method": "GET", "resource": "/dashboard", "api": "sallyport"}},
	})
	wants(t, "making one", made, 201)
	token, id := made.Text("api_token"), made.Text("token_id")
	who := c.get("/dashboard", token)
	wants(t, "using it", who, 200)
	if who.JSON["expires_at"] != made.JSON["expires_at"] || who.Text("session_id") != id {
		t.Errorf("the dashboard says %s, and it was answered %v", who.Body, made.JSON["expires_at"])
	}
	listed := c.get("/api-tokens", session)
	wants(t, "listing", listed, 200)
	list := objects(listed, "api_tokens")
	if len(list) != 1 || list[0]["token_id"] != id || list[0]["name"] != "日本 nightly" || list[0]["expires_at"] != made.JSON["expires_at"] ||
		list[0]["expires_at"].(float64)-list[0]["created_at"].(float64) != 60 || strings.Contains(listed.Body, "spk_") {
		t.Errorf("listed: %s", listed.Body)
	}
	for _, other := range []string{strings.Repeat("ab", 16), foreigner.Text("token_id"), "x", strings.ToUpper(id), c.get("/dashboard", session).Text("session_id")} {
		wants(t, "revoking "+other, c.as(session, http.MethodDelete, "/api-tokens/"+other, nil), 404)
	}
	wants(t, "the foreign one", c.get("/dashboard", foreigner.Text("api_token")), 200)
	wants(t, "revoking", c.as(session, http.MethodDelete, "/api-tokens/"+id, nil), 204)
	wants(t, "the revoked token", c.get("/dashboard", token), 401)
	wants(t, "revoking again", c.as(session, http.MethodDelete, "/api-tokens/"+id, nil), 404)
	if left := objects(c.get("/api-tokens", session), "api_tokens"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestATokenUnderTheOtherKindsPrefixIsNone(t *testing.T) {
	c := calling(t, shared.Client)
	_, session := c.member(shared, "DEVELOPER")
	token := c.apiToken(session)
	wants(t, "a session's token as an API token", c.get("/dashboard", "spk_"+strings.TrimPrefix(session, "spt_")), 401)
	wants(t, "an API token as a session's", c.get("/dashboard", "spt_"+strings.TrimPrefix(token, "spk_")), 401)
	wants(t, "to renew it", c.renew("spt_"+strings.TrimPrefix(token, "spk_")), 401)
	wants(t, "the session's token as it is", c.get("/dashboard", session), 200)
	wants(t, "the API token as it is", c.get("/dashboard", token), 200)
}

func TestAnAPITokenIsNotMadeForMoreThanItsMakerMayHave(t *testing.T) {
	c := calling(t, shared.Client)
	_, session := c.member(shared, "DEVELOPER")
	dashboard := map[string]any{"method": "GET", "resource": "/dashboard"}
	twentyOne := make([]any, 21)
	for i := range twentyOne {
		twentyOne[i] = map[string]any{"method": "GET", "resource": "/dashboard/" + strconv.Itoa(i)}
	}
	for what, body := range map[string]any{
		"no name":                 map[string]any{},
		"an empty name":           map[string]any{"name": ""},
		"a name of 65":            map[string]any{"name": strings.Repeat("é", 65)},
		"a name of two lines":     map[string]any{"name": "a\nb"},
		"a name that turns":       map[string]any{"name": "a\u202eb"},
		"59 seconds":              map[string]any{"name": "x", "expires_in": 59},
		"over 90 days":            map[string]any{"name": "x", "expires_in": 7_776_001},
		"a negative time":         map[string]any{"name": "x", "expires_in": -60},
		"a time as text":          map[string]any{"name": "x", "expires_in": "60"},
		"no routes at all":        map[string]any{"name": "x", "routes": []any{}},
		"21 routes":               map[string]any{"name": "x", "routes": twentyOne},
		"a route twice":           map[string]any{"name": "x", "routes": []any{dashboard, map[string]any{"method": "GET", "resource": "/dashboard", "api": "sallyport"}}},
		"an unknown route":        map[string]any{"name": "x", "routes": []any{dashboard, map[string]any{"method": "GET", "resource": "/nothing"}}},
		"another role's route":    map[string]any{"name": "x", "routes": []any{map[string]any{"method": "GET", "resource": "/admin_resource"}}},
		"a route of sessions":     map[string]any{"name": "x", "routes": []any{map[string]any{"method": "POST", "resource": "/renew"}}},
		"making further ones":     map[string]any{"name": "x", "routes": []any{map[string]any{"method": "POST", "resource": "/api-tokens"}}},
		"an open route":           map[string]any{"name": "x", "routes": []any{map[string]any{"method": "POST", "resource": "/login"}}},
		"another API's":           map[string]any{"name": "x", "routes": []any{map[string]any{"method": "GET", "resource": "/dashboard", "api": "another"}}},
		"a method in small":       map[string]any{"name": "x", "routes": []any{map[string]any{"method": "get", "resource": "/dashboard"}}},
		"a route without a path":  map[string]any{"name": "x", "routes": []any{map[string]any{"method": "GET"}}},
		"a route with a role":     map[string]any{"name": "x", "routes": []any{map[string]any{"method": "GET", "resource": "/dashboard", "role": "ADMIN"}}},
		"a route as text":         map[string]any{"name": "x", "routes": []any{"GET /dashboard"}},
		"a role":                  map[string]any{"name": "x", "role": "ADMIN"},
		"a null route":            map[string]any{"name": "x", "routes": []any{nil}},
		"routes that are no list": map[string]any{"name": "x", "routes": dashboard},
	} {
		wants(t, what, c.as(session, http.MethodPost, "/api-tokens", body), 400)
	}
	for what, body := range map[string]any{
		"the shortest life":  map[string]any{"name": "x", "expires_in": 60},
		"the longest":        map[string]any{"name": strings.Repeat("é", 64), "expires_in": 7_776_000},
		"the same name once": map[string]any{"name": "x"},
	} {
		wants(t, what, c.as(session, http.MethodPost, "/api-tokens", body), 201)
	}
}

func TestTheTwentySixthAPITokenIsRefusedUntilOneIsRevoked(t *testing.T) {
	c := calling(t, shared.Client)
	_, session := c.member(shared, "DEVELOPER")
	for range 25 {
		c.apiToken(session)
	}
	refused := c.as(session, http.MethodPost, "/api-tokens", map[string]any{"name": "one more"})
	wants(t, "the 26th", refused, 409)
	if refused.Text("type") != "urn:problem-type:sallyport:limit-reached" {
		t.Errorf("refused as %s", refused.Text("type"))
	}
	list := objects(c.get("/api-tokens", session), "api_tokens")
	if len(list) != 25 {
		t.Fatalf("%d are listed", len(list))
	}
	wants(t, "revoking one", c.as(session, http.MethodDelete, "/api-tokens/"+list[7]["token_id"].(string), nil), 204)
	c.apiToken(session)
}

// Whatever ends an account's sessions for good ends its API tokens.
func TestAPITokensEndWithTheAccountsSessionsForGood(t *testing.T) {
	c := calling(t, shared.Client)
	for what, change := range map[string]func(*account.Changer, string) error{
		"end all": func(a *account.Changer, name string) error { _, err := a.EndSessions(t.Context(), name); return err },
		"disable": func(a *account.Changer, name string) error { _, err := a.Disable(t.Context(), name); return err },
		"role change": func(a *account.Changer, name string) error {
			_, err := a.SetRole(t.Context(), name, "ADMIN")
			return err
		},
		"removal": func(a *account.Changer, name string) error { _, err := a.Remove(t.Context(), name); return err },
	} {
		user, session := c.member(shared, "DEVELOPER")
		token := c.apiToken(session)
		wants(t, what+", before", c.get("/developer_resource", token), 200)
		if err := change(changer(t), user.Username); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		wants(t, what+", the API token", c.get("/developer_resource", token), 401)
		wants(t, what+", the session", c.get("/dashboard", session), 401)
		wants(t, what+", to make another", c.as(session, http.MethodPost, "/api-tokens", map[string]any{"name": "x"}), 401)
	}
}
