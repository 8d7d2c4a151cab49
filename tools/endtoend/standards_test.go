package endtoend_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/tools/endtoend"
)

const formType = "application/x-www-form-urlencoded"

// client is a resource server's right to ask about tokens.
type client struct{ id, secret string }

func (c client) header() string { return basicHeader(c.id + ":" + c.secret) }

func basicHeader(text string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(text))
}

// newClient has an ADMIN make one.
func (c caller) newClient(runner *endtoend.Runner) client {
	c.t.Helper()
	got := c.do(http.MethodPost, "/clients", map[string]string{"name": "Notes"}, "Authorization", "Bearer "+c.admin(runner))
	wants(c.t, "making a client", got, 201)
	made := client{got.Text("client_id"), got.Text("client_secret")}
	secrets.add("client secret", made.secret)
	secrets.add("client's credentials", made.header()[len("Basic "):])
	return made
}

// form sends a form as a client does.
func (c caller) form(path, authorization, body string) endtoend.Response {
	c.t.Helper()
	return c.do(http.MethodPost, path, body, "Content-Type", formType, "Authorization", authorization)
}

func (c caller) introspect(by client, token string) endtoend.Response {
	c.t.Helper()
	return c.form("/introspect", by.header(), url.Values{"token": {token}}.Encode())
}

func (c caller) revoke(by client, token string) endtoend.Response {
	c.t.Helper()
	return c.form("/revoke", by.header(), url.Values{"token": {token}}.Encode())
}

func (c caller) reportLeaked(token string) endtoend.Response {
	c.t.Helper()
	return c.do(http.MethodPost, "/leaked-tokens", map[string]string{"token": token})
}

// wantsRefused checks a refusal of a client: it is a problem like any other, with the error of RFC 6749 section 5.2 besides.
func wantsRefused(t *testing.T, what string, got endtoend.Response, status int, says string) {
	t.Helper()
	if got.Text("error") != says {
		t.Errorf("%s: the error is %q, want %q", what, got.Text("error"), says)
	}
	if got.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("%s: a function's WWW-Authenticate does not get through API Gateway", what)
	}
	got.JSON = maps.Clone(got.JSON)
	delete(got.JSON, "error")
	wants(t, what, got, status)
}

// wantsInactive checks that nothing more is said than that the token is not live.
func (c caller) wantsInactive(what string, got endtoend.Response) {
	c.t.Helper()
	if got.Status != 200 || got.Body != `{"active":false}` || got.Header.Get("Cache-Control") != "no-store" {
		c.t.Errorf("%s: %d %s %s", what, got.Status, got.Body, got.Header.Get("Cache-Control"))
	}
}

func TestIntrospectionTellsAClientWhoseALiveTokenIs(t *testing.T) {
	c := calling(t, shared.Client)
	by := c.newClient(shared)
	user, token := c.member(shared, "DEVELOPER")
	session := c.get("/dashboard", token)
	for _, body := range []string{"token=" + token, "token=" + token + "&token_type_hint=access_token", "token_type_hint=refresh_token&other=1&token=" + token} {
		got := c.form("/introspect", by.header(), body)
		wants(t, "a live token", got, 200)
		if got.JSON["active"] != true || got.Text("token_type") != "Bearer" || got.Text("sub") != user.UserID || got.Text("username") != user.Username ||
			got.Text("role") != "DEVELOPER" || got.Text("session_id") != session.Text("session_id") || got.Text("kind") != "session" ||
			got.JSON["exp"] != session.JSON["expires_at"] || got.JSON["exp"].(float64)-got.JSON["iat"].(float64) != 3600 || got.JSON["routes"] != nil {
			t.Errorf("described as %s", got.Body)
		}
		if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", got.Header)
		}
	}
	renewed := c.renew(token)
	wants(t, "renewing", renewed, 200)
	c.wantsInactive("a replaced token", c.introspect(by, token))
	if got := c.introspect(by, renewed.Text("access_token")); got.JSON["active"] != true {
		t.Errorf("the new token: %s", got.Body)
	}
	time.Sleep(2100 * time.Millisecond) // out of its grace
	c.wantsInactive("a replaced token that comes back", c.introspect(by, token))
	c.wantsInactive("the session's new token after that", c.introspect(by, renewed.Text("access_token")))
	wants(t, "at the gateway too", c.get("/dashboard", renewed.Text("access_token")), 401)
	waitFor(t, "the alarm", func() bool {
		for line := range strings.Lines(shared.Output()) {
			if strings.Contains(line, `"route":"/introspect"`) && strings.Contains(line, `"reason":"token_reused"`) && strings.Contains(line, user.UserID) && strings.Contains(line, `"Alarms":1`) {
				return true
			}
		}
		return false
	})
	for what, dead := range map[string]string{
		"no token": "abc", "a forged one": "spt_" + strings.Repeat("A", 120), "another kind": "spk_" + token[4:], "cut short": token[:100], "a user id": user.UserID,
	} {
		c.wantsInactive(what, c.introspect(by, dead))
	}
}

// guarded starts a resource server outside of the gateway, which asks about each request's token.
func guarded(t *testing.T, c caller, by client) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got, err := c.Do(r.Context(), http.MethodPost, "/introspect", url.Values{"token": {token}}.Encode(), "Content-Type", formType, "Authorization", by.header())
		switch {
		case err != nil || got.Status != 200:
			w.WriteHeader(http.StatusServiceUnavailable) // no verdict is no entry
		case got.JSON["active"] != true:
			w.WriteHeader(http.StatusUnauthorized)
		case got.Text("role") != "CONSUMER" || got.JSON["routes"] != nil:
			w.WriteHeader(http.StatusForbidden)
		default:
			fmt.Fprintln(w, "notes of "+got.Text("username"))
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestAResourceServerOutsideOfTheGatewayRefusesWhoHasJustBeenShutOut(t *testing.T) {
	t.Parallel()
	o := operate(t)
	by := o.newClient(o.runner)
	notes := endtoend.NewClient(guarded(t, o.caller, by).URL)
	get := func(token string) int {
		t.Helper()
		got, err := notes.Get(t.Context(), "/notes", token)
		if err != nil {
			t.Fatal(err)
		}
		return got.Status
	}
	for what, end := range map[string]func(user *endtoend.User, token string){
		"a logout": func(_ *endtoend.User, token string) { wants(t, "logging out", o.logout(token), 204) },
		"a disabling": func(user *endtoend.User, _ string) {
			o.sh.set("user", user.Username)
			o.sh.run("End one account's sessions, disable it, or change its role 4")
		},
		"a revocation": func(_ *endtoend.User, token string) { wants(t, "revoking", o.revoke(by, token), 200) },
		"a report":     func(_ *endtoend.User, token string) { wants(t, "reporting", o.reportLeaked(token), 204) },
	} {
		user, token := o.member(o.runner, "CONSUMER")
		if got := get(token); got != 200 {
			t.Errorf("before %s: %d", what, got)
		}
		end(user, token)
		if got := get(token); got != 401 {
			t.Errorf("right after %s: %d", what, got)
		}
	}
	_, developer := o.member(o.runner, "DEVELOPER")
	if got := get(developer); got != 403 {
		t.Errorf("another role: %d", got)
	}
	_, token := o.member(o.runner, "CONSUMER")
	wants(t, "removing the client", o.do(http.MethodDelete, "/clients/"+by.id, nil, "Authorization", "Bearer "+o.admin(o.runner)), 204)
	if got := get(token); got != 503 {
		t.Errorf("by a client that has been removed: %d", got)
	}
}

func TestAfterARevocationHasAnsweredNoRequestThatStartsPasses(t *testing.T) {
	c := calling(t, shared.Client)
	by := c.newClient(shared)
	for path, end := range map[string]func(token string) endtoend.Response{
		"/revoke":        func(token string) endtoend.Response { return c.revoke(by, token) },
		"/leaked-tokens": c.reportLeaked,
	} {
		_, token := c.member(shared, "CONSUMER")
		const readers, most = 12, 3000
		var answered, sent, before, after atomic.Int64
		done := make(chan struct{})
		var group sync.WaitGroup
		for reader := range readers {
			group.Go(func() {
				for sent.Add(1) <= most {
					select {
					case <-done:
						return
					default:
					}
					began := time.Now().UnixNano()
					var got endtoend.Response
					var err error
					if reader%2 == 0 {
						got, err = c.Get(t.Context(), "/dashboard", token)
					} else {
						got, err = c.Do(t.Context(), http.MethodPost, "/introspect", "token="+token, "Content-Type", formType, "Authorization", by.header())
					}
					if err != nil {
						t.Error(err)
						return
					}
					late := answered.Load() != 0 && began > answered.Load()
					switch passed := got.Status == 200 && got.Body != `{"active":false}`; {
					case passed && late:
						t.Errorf("%s: a request that started %v after the answer passed", path, time.Duration(began-answered.Load()))
					case passed:
						before.Add(1)
					case late:
						after.Add(1)
					}
				}
			})
		}
		waitFor(t, "readers that are let in", func() bool { return before.Load() > 60 })
		if got := end(token); got.Status >= 300 {
			t.Errorf("%s: %d %s", path, got.Status, got.Body)
		}
		answered.Store(time.Now().UnixNano())
		waitFor(t, "readers that are refused", func() bool { return after.Load() > 60 || sent.Load() > most })
		close(done)
		group.Wait()
		if before.Load() == 0 || after.Load() == 0 {
			t.Errorf("%s: %d passed before, %d were refused after: the test has seen nothing", path, before.Load(), after.Load())
		}
	}
}

func TestRevokingEndsOneSessionAndLooksTheSameForAnyToken(t *testing.T) {
	c := calling(t, shared.Client)
	by := c.newClient(shared)
	user, token := c.member(shared, "CONSUMER")
	other := c.recover(user)
	for _, body := range []string{"token=" + token + "&token_type_hint=refresh_token", "token=" + token, "token=abc", "token=spt_" + strings.Repeat("A", 120)} {
		if got := c.form("/revoke", by.header(), body); got.Status != 200 || got.Body != "" {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	}
	wants(t, "the ended session", c.get("/dashboard", token), 401)
	wants(t, "another session", c.get("/dashboard", other), 200)
	old := other
	renewed := c.renew(old)
	wants(t, "renewing", renewed, 200)
	wants(t, "revoking by the token that was replaced a moment ago", c.revoke(by, old), 200)
	wants(t, "the new token after that", c.get("/dashboard", renewed.Text("access_token")), 401)
	wants(t, "and no other comes", c.renew(old), 401)
	d := openDatabase(t, shared)
	if left := d.tokenRow(user.UserID); left != nil {
		t.Error("a row is left")
	}
}

func TestAnAPITokenIsDescribedWithItsRoutesAndEndsAloneWhenItIsShown(t *testing.T) {
	c := calling(t, shared.Client)
	by := c.newClient(shared)
	_, token := c.member(shared, "DEVELOPER")
	for path, end := range map[string]func(token string) endtoend.Response{
		"/revoke":        func(token string) endtoend.Response { return c.revoke(by, token) },
		"/leaked-tokens": c.reportLeaked,
	} {
		made := c.as(token, http.MethodPost, "/api-tokens", map[string]any{"name": "script", "routes": []map[string]string{{"method": "GET", "resource": "/dashboard"}}})
		wants(t, "making an API token", made, 201)
		apiToken := made.Text("api_token")
		secrets.add("API token", apiToken)
		got := c.introspect(by, apiToken)
		if got.JSON["active"] != true || got.Text("kind") != "api-token" || got.Text("token_id") != made.Text("token_id") || got.JSON["session_id"] != nil ||
			got.JSON["exp"] != made.JSON["expires_at"] || fmt.Sprint(got.JSON["routes"]) != "[map[api:sallyport method:GET resource:/dashboard]]" {
			t.Errorf("described as %s", got.Body)
		}
		if got := end(apiToken); got.Status >= 300 {
			t.Errorf("%s: %d %s", path, got.Status, got.Body)
		}
		c.wantsInactive("after "+path, c.introspect(by, apiToken))
		wants(t, "at the gateway after "+path, c.get("/dashboard", apiToken), 401)
		wants(t, "the session that made it, after "+path, c.get("/dashboard", token), 200)
		if listed := c.get("/api-tokens", token); strings.Contains(listed.Body, made.Text("token_id")) {
			t.Errorf("after %s it is listed still: %s", path, listed.Body)
		}
	}
}

func TestWhoeverFindsATokenEndsItAndIsNotToldWhetherItWasLive(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "CONSUMER")
	other := c.recover(user)
	live := c.reportLeaked(token)
	wants(t, "a live token", live, 204)
	wants(t, "its session after that", c.get("/dashboard", token), 401)
	wants(t, "another session", c.get("/dashboard", other), 200)
	dead := c.reportLeaked(token)
	if dead.Status != live.Status || dead.Body != live.Body || len(dead.Header) != len(live.Header) {
		t.Errorf("a dead token: %d %s %v; a live one: %d %s %v", dead.Status, dead.Body, dead.Header, live.Status, live.Body, live.Header)
	}
	wants(t, "a token that was replaced a moment ago", func() endtoend.Response {
		wants(t, "renewing", c.renew(other), 200)
		return c.reportLeaked(other)
	}(), 204)
	wants(t, "its session after that", c.renew(other), 401)
	for what, found := range map[string]string{"nothing": "", "no token": "abc", "with a space": token + " ", "with another checksum": token[:123] + anotherLast(token)} {
		wants(t, what, c.reportLeaked(found), 400)
	}
	waitFor(t, "the line", func() bool {
		for line := range strings.Lines(shared.Output()) {
			if strings.Contains(line, `"event":"revoke_leaked_token"`) && strings.Contains(line, user.UserID) && strings.Contains(line, `"source_ip":"127.0.0.1"`) && strings.Contains(line, `"detail":"kind=session"`) {
				return true
			}
		}
		return false
	})
	var events []row
	for _, event := range openDatabase(t, shared).rows("Audit") {
		if text(event["account_id"]) == user.UserID && text(event["action"]) == "revoke_leaked_token" {
			events = append(events, event)
		}
	}
	if len(events) != 2 || text(events[0]["outcome"]) != "succeeded" || text(events[0]["detail"]) != "kind=session" || text(events[0]["source_ip"]) != "127.0.0.1" || text(events[0]["actor_id"]) == user.UserID {
		t.Errorf("events %v", events)
	}
}

// anotherLast is another last character than the token has.
func anotherLast(token string) string {
	if strings.HasSuffix(token, "A") {
		return "B"
	}
	return "A"
}

func TestAnotherStacksTokenIsNothingToThisOnesClients(t *testing.T) {
	t.Parallel()
	servers := startServers(t)
	one, other := start(t, servers...), start(t, servers...)
	mine, theirs := calling(t, one.Client), calling(t, other.Client)
	by, foreign := mine.newClient(one), theirs.newClient(other)
	_, token := theirs.member(other, "CONSUMER")
	mine.wantsInactive("their token", mine.introspect(by, token))
	wants(t, "revoking their token", mine.revoke(by, token), 200)
	wants(t, "reporting their token here", mine.reportLeaked(token), 204)
	wants(t, "it there", theirs.get("/dashboard", token), 200)
	wantsRefused(t, "their client here", mine.introspect(foreign, token), 401, "invalid_client")
}

func TestGuessingAClientsSecretIsThrottledAndShutsNobodyOut(t *testing.T) {
	c := calling(t, shared.Client)
	by := c.newClient(shared)
	_, token := c.member(shared, "CONSUMER")
	statuses := map[int]int{}
	from := endtoend.Client{URL: shared.URL, HTTP: endtoend.From("127.0.3.1")}
	for n := range 60 {
		path := []string{"/introspect", "/revoke"}[n%2]
		got, err := from.Do(t.Context(), http.MethodPost, path, "token="+token, "Content-Type", formType, "Authorization", basicHeader(by.id+":spc_"+strconv.Itoa(n)))
		if err != nil {
			t.Fatal(err)
		}
		statuses[got.Status]++
		if wait, err := strconv.Atoi(got.Header.Get("Retry-After")); got.Status == 429 && (err != nil || wait < 1 || wait > 300) {
			t.Errorf("Retry-After %q", got.Header.Get("Retry-After"))
		}
	}
	// A window of the clock may end meanwhile, and another 20 begin.
	if statuses[401] < 20 || statuses[401] > 40 || statuses[401]+statuses[429] != 60 {
		t.Errorf("%v", statuses)
	}
	if got, err := from.Do(t.Context(), http.MethodPost, "/introspect", "token="+token, "Content-Type", formType, "Authorization", by.header()); err != nil || got.JSON["active"] != true {
		t.Errorf("the client itself, from the very address: %d %s %v", got.Status, got.Body, err)
	}
	wants(t, "the token, which nobody has ended", c.get("/dashboard", token), 200)
}

func TestReportsOfLeakedTokensAreLimitedByAddress(t *testing.T) {
	from := calling(t, endtoend.Client{URL: shared.URL, HTTP: endtoend.From("127.0.3.2")})
	c := calling(t, shared.Client)
	_, dead := c.member(shared, "CONSUMER")
	wants(t, "logging out", c.logout(dead), 204)
	statuses := map[int]int{}
	for range 220 {
		statuses[from.reportLeaked(dead).Status]++
	}
	if statuses[204] < 100 || statuses[204] > 200 || statuses[204]+statuses[429] != 220 {
		t.Errorf("%v", statuses)
	}
	_, live := c.member(shared, "CONSUMER")
	wants(t, "from another address", c.reportLeaked(live), 204)
	wants(t, "its session", c.get("/dashboard", live), 401)
}

func TestWhatIsNotAskedAsTheRFCsSayIsRefusedWithTheirErrors(t *testing.T) {
	c := calling(t, shared.Client)
	by := c.newClient(shared)
	_, token := c.member(shared, "CONSUMER")
	right := by.header()
	form := "token=" + token
	for _, path := range []string{"/introspect", "/revoke"} {
		for what, row := range map[string]struct {
			body, says string
			status     int
			headers    []string
		}{
			"no credentials":              {form, "invalid_client", 401, nil},
			"a bearer token":              {form, "invalid_client", 401, []string{"Authorization", "Bearer " + token}},
			"a wrong secret":              {form, "invalid_client", 401, []string{"Authorization", basicHeader(by.id + ":wrong")}},
			"an unknown client":           {form, "invalid_client", 401, []string{"Authorization", basicHeader(strings.Repeat("0", 32) + ":" + by.secret)}},
			"no base64":                   {form, "invalid_client", 401, []string{"Authorization", "Basic !!!"}},
			"two headers":                 {form, "invalid_request", 400, []string{"Authorization", right, "Authorization", right}},
			"the secret in the body":      {form + "&client_id=" + by.id + "&client_secret=" + by.secret, "invalid_request", 400, nil},
			"in both":                     {form + "&client_secret=" + by.secret, "invalid_request", 400, []string{"Authorization", right}},
			"no token":                    {"token_type_hint=access_token", "invalid_request", 400, []string{"Authorization", right}},
			"an empty token":              {"token=", "invalid_request", 400, []string{"Authorization", right}},
			"an empty body":               {"", "invalid_request", 400, []string{"Authorization", right}},
			"a token twice":               {form + "&" + form, "invalid_request", 400, []string{"Authorization", right}},
			"an unknown parameter twice":  {form + "&x=1&x=2", "invalid_request", 400, []string{"Authorization", right}},
			"half an escape":              {"token=%4", "invalid_request", 400, []string{"Authorization", right}},
			"not UTF-8":                   {"token=%FF", "invalid_request", 400, []string{"Authorization", right}},
			"raw bytes that are no UTF-8": {"token=\xff", "invalid_request", 400, []string{"Authorization", right}},
			"JSON":                        {`{"token":"` + token + `"}`, "invalid_request", 415, []string{"Authorization", right, "Content-Type", "application/json"}},
			"no content type":             {form, "invalid_request", 415, []string{"Authorization", right, "Content-Type", ""}},
			"over 8 KiB":                  {"token=" + strings.Repeat("a", 8<<10), "invalid_request", 413, []string{"Authorization", right}},
		} {
			headers := row.headers
			if !strings.Contains(strings.Join(headers, " "), "Content-Type") {
				headers = append([]string{"Content-Type", formType}, headers...)
			}
			got := c.do(http.MethodPost, path, row.body, headers...)
			wantsRefused(t, path+", "+what, got, row.status, row.says)
		}
		got := c.do(http.MethodPost, path+"?token="+token, form, "Content-Type", formType, "Authorization", right)
		wantsRefused(t, path+" with the token in the URL", got, 400, "invalid_request")
		wants(t, path+" with GET", c.do(http.MethodGet, path, nil, "Authorization", right), 404)
	}
	wants(t, "the token, which nobody has ended", c.get("/dashboard", token), 200)
}

func TestClientsAreMadeListedAndRemovedByAnAdmin(t *testing.T) {
	c := calling(t, shared.Client)
	admin := []string{"Authorization", "Bearer " + c.admin(shared)}
	first, second := c.newClient(shared), c.newClient(shared)
	_, token := c.member(shared, "CONSUMER")
	found := map[string]bool{}
	for path := "/clients?limit=1"; path != ""; {
		got := c.do(http.MethodGet, path, nil, admin...)
		wants(t, path, got, 200)
		page, ok := got.JSON["clients"].([]any)
		if !ok || len(page) > 1 || strings.Contains(got.Body, "secret") {
			t.Fatalf("%s", got.Body)
		}
		for _, each := range page {
			entry := each.(map[string]any)
			own := entry["client_id"] == first.id || entry["client_id"] == second.id
			if found[entry["client_id"].(string)] || own && entry["name"] != "Notes" || len(entry["made_by"].(string)) != 32 || entry["created_at"].(float64) < 1e9 || len(entry) != 4 {
				t.Errorf("%v", entry)
			}
			found[entry["client_id"].(string)] = true
		}
		path = ""
		if next := got.Text("next_cursor"); next != "" {
			path = "/clients?limit=1&cursor=" + url.QueryEscape(next)
		}
	}
	if !found[first.id] || !found[second.id] {
		t.Errorf("the list lacks a client: %v", found)
	}
	wants(t, "before its removal", c.introspect(first, token), 200)
	wants(t, "removing one", c.do(http.MethodDelete, "/clients/"+first.id, nil, admin...), 204)
	for _, path := range []string{"/introspect", "/revoke"} {
		wantsRefused(t, path+" at once after that", c.form(path, first.header(), "token="+token), 401, "invalid_client")
	}
	wants(t, "the other", c.introspect(second, token), 200)
	for _, id := range []string{first.id, strings.Repeat("0", 32), "notes", strings.ToUpper(second.id), second.id + "0"} {
		wants(t, "removing "+id, c.do(http.MethodDelete, "/clients/"+id, nil, admin...), 404)
	}
	for _, query := range []string{"limit=0", "limit=101", "limit=x", "cursor=x", "cursor=", "page=1", "limit=1&limit=1"} {
		wants(t, "GET /clients?"+query, c.do(http.MethodGet, "/clients?"+query, nil, admin...), 400)
	}
	for what, body := range map[string]any{
		"no name": map[string]any{}, "an empty name": map[string]any{"name": ""}, "a name of 65": map[string]any{"name": strings.Repeat("n", 65)},
		"a number": map[string]any{"name": 1}, "a line end": map[string]any{"name": "a\nb"}, "an id of one's own": map[string]any{"name": "a", "client_id": "b"},
		"a secret of one's own": map[string]any{"name": "a", "client_secret": "b"},
	} {
		wants(t, what, c.do(http.MethodPost, "/clients", body, admin...), 400)
	}
}

func TestStandardRoutesDoNotClaimWhatADependencyKeptThemFromDoing(t *testing.T) {
	t.Parallel()
	database := &faulty{backend: newDatabase()}
	server := httptest.NewServer(database)
	t.Cleanup(server.Close)
	runner := start(t, "-dynamodb", server.URL)
	c := calling(t, runner.Client)
	by := c.newClient(runner)
	_, token := c.member(runner, "CONSUMER")
	wants(t, "a warm introspection", c.introspect(by, token), 200)
	for name, fault := range faults {
		database.set(fault)
		for path, got := range map[string]endtoend.Response{
			"/introspect": c.introspect(by, token), "/revoke": c.revoke(by, token), "/leaked-tokens": c.reportLeaked(token),
		} {
			wants(t, path+", DynamoDB "+name, got, 503)
			if got.Header.Get("Retry-After") != "5" {
				t.Errorf("%s, DynamoDB %s: Retry-After %q", path, name, got.Header.Get("Retry-After"))
			}
		}
		database.set(nil)
		wants(t, "the token after DynamoDB "+name, c.get("/dashboard", token), 200)
		if got := c.introspect(by, token); got.JSON["active"] != true {
			t.Errorf("introspection after DynamoDB %s: %d %s", name, got.Status, got.Body)
		}
	}
}
