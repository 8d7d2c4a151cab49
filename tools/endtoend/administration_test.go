package endtoend_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/tools/endtoend"
)

// pages reads all pages of a list, and returns the texts that its entries have in a member.
func (c caller) pages(token, path, list, member string) (all []string) {
	c.t.Helper()
	cursor := ""
	for range 1000 {
		got := c.get(path+cursor, token)
		wants(c.t, path+cursor, got, 200)
		for _, entry := range objects(got, list) {
			text, _ := entry[member].(string)
			all = append(all, text)
		}
		if got.Text("next_cursor") == "" {
			return all
		}
		cursor = "&cursor=" + got.Text("next_cursor")
	}
	c.t.Fatal("the list has no end")
	return nil
}

func TestAnAdminListsFindsAndLooksAtAccounts(t *testing.T) {
	c := calling(t, shared.Client)
	_, admin := c.member(shared, "ADMIN")
	developer, token := c.member(shared, "DEVELOPER")
	pending := c.user()
	for path, want := range map[string]bool{
		"/accounts?limit=7": true, "/accounts?limit=100&role=DEVELOPER": true, "/accounts?limit=7&status=active": true,
		"/accounts?limit=100&role=ADMIN": false, "/accounts?limit=100&status=disabled": false, "/accounts?limit=3&role=DEVELOPER&status=active": true,
	} {
		found := c.pages(admin, path, "accounts", "user_id")
		if n := len(slices.DeleteFunc(slices.Clone(found), func(id string) bool { return id != developer.UserID })); (n == 1) != want || n > 1 {
			t.Errorf("%s has the account %d times", path, n)
		}
	}
	got := c.get("/accounts?username="+strings.ToUpper(developer.Username), admin)
	wants(t, "finding one", got, 200)
	if all := objects(got, "accounts"); len(all) != 1 || all[0]["user_id"] != developer.UserID || all[0]["username"] != developer.Username ||
		all[0]["role"] != "DEVELOPER" || all[0]["status"] != "active" || all[0]["created_at"].(float64) < 1.7e9 || len(all[0]) != 5 {
		t.Errorf("found %s", got.Body)
	}
	for _, nobody := range []string{"nobody-" + unique(), "not%20a%20name", "%00", "x"} {
		if got := c.get("/accounts?username="+nobody, admin); got.Status != 200 || got.Body != `{"accounts":[]}` {
			t.Errorf("%s: %d %s", nobody, got.Status, got.Body)
		}
	}
	got = c.get("/accounts/"+developer.UserID, admin)
	wants(t, "looking at one", got, 200)
	sessions := objects(got, "sessions")
	if got.Text("username") != developer.Username || len(sessions) != 1 || sessions[0]["session_id"] != c.get("/dashboard", token).Text("session_id") ||
		len(objects(got, "api_tokens")) != 0 {
		t.Errorf("looked at %s", got.Body)
	}
	for what, leaked := range map[string]string{"password": developer.Password, "secret": developer.Base32, "hash": "argon2", "token": token[10:60]} {
		if strings.Contains(got.Body, leaked) {
			t.Errorf("the %s is shown", what)
		}
	}
	got = c.get("/accounts/"+pending.UserID, admin)
	if got.Status != 200 || got.Text("status") != "pending" || !strings.Contains(got.Body, `"sessions":[]`) {
		t.Errorf("a pending account: %d %s", got.Status, got.Body)
	}
}

func TestADemotedOrDisabledAccountIsOutAtTheAnswer(t *testing.T) {
	c := calling(t, shared.Client)
	acting, admin := c.member(shared, "ADMIN")
	user, token := c.member(shared, "DEVELOPER")
	script := c.as(token, http.MethodPost, "/api-tokens", map[string]any{"name": "nightly"})
	wants(t, "an API token", script, 201)
	secrets.add("API token", script.Text("api_token"))
	challenge := c.login(user)
	path := "/accounts/" + user.UserID
	wants(t, "no change", c.as(admin, http.MethodPatch, path, map[string]string{"role": "DEVELOPER", "status": "active"}), 200)
	wants(t, "the session after no change", c.get("/dashboard", token), 200)

	got := c.as(admin, http.MethodPatch, path, map[string]string{"role": "CONSUMER"})
	wants(t, "demoting", got, 200)
	if got.Text("role") != "CONSUMER" || got.Text("status") != "active" || got.Text("user_id") != user.UserID || got.Text("username") != user.Username {
		t.Errorf("answered %s", got.Body)
	}
	wants(t, "the session", c.get("/dashboard", token), 401)
	wants(t, "the API token", c.get("/dashboard", script.Text("api_token")), 401)
	wants(t, "the challenge", c.verify(challenge, user.RecoveryCodes[0]), 401)
	again := c.recover(user)
	wants(t, "what the new role opens", c.get("/consumer_resource", again), 200)
	wants(t, "what the old one opened", c.get("/developer_resource", again), 403)

	wants(t, "disabling", c.as(admin, http.MethodPatch, path, map[string]string{"status": "disabled"}), 200)
	wants(t, "the session", c.get("/dashboard", again), 401)
	wants(t, "signing in", c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password}), 401)
	wants(t, "enabling", c.as(admin, http.MethodPatch, path, map[string]string{"status": "active"}), 200)
	last := c.recover(user)
	wants(t, "ending the sessions", c.as(admin, http.MethodDelete, path+"/sessions", nil), 204)
	wants(t, "the session", c.get("/dashboard", last), 401)
	wants(t, "the ADMIN's own", c.get("/dashboard", admin), 200)

	var seen []string
	for _, event := range objects(c.get("/audit-events?user_id="+user.UserID, admin), "events") {
		if event["actor_id"] == acting.UserID && event["outcome"] == "succeeded" {
			seen = append(seen, fmt.Sprint(event["event"], " ", event["detail"]))
		}
	}
	for _, want := range []string{
		"end_account_sessions ended=1", "change_account role=CONSUMER status=active ended=0", "change_account role=CONSUMER status=disabled ended=1",
		"change_account role=CONSUMER status=active ended=2", "change_account role=DEVELOPER status=active ended=0",
	} {
		if !slices.Contains(seen, want) {
			t.Errorf("no event %q among %q", want, seen)
		}
	}
}

func TestAnAdminWhoIsOutChangesNothing(t *testing.T) {
	c := calling(t, shared.Client)
	other, token := c.member(shared, "ADMIN")
	user, theirs := c.member(shared, "CONSUMER")
	path := "/accounts/" + user.UserID
	wants(t, "demoting the ADMIN", c.as(c.admin(shared), http.MethodPatch, "/accounts/"+other.UserID, map[string]string{"role": "DEVELOPER"}), 200)
	for _, request := range [][2]string{
		{http.MethodPatch, path}, {http.MethodDelete, path}, {http.MethodDelete, path + "/sessions"}, {http.MethodPost, path + "/reset-second-factor"},
	} {
		wants(t, request[0]+" with the old token", c.as(token, request[0], request[1], map[string]string{"role": "ADMIN"}), 401)
	}
	now := c.recover(other)
	wants(t, "with the new role", c.as(now, http.MethodPatch, path, map[string]string{"role": "ADMIN"}), 403)
	wants(t, "the account's session", c.get("/dashboard", theirs), 200)
}

func TestNoAdminTakesOnesOwnAdministrationAway(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "ADMIN")
	path := "/accounts/" + user.UserID
	for name, got := range map[string]endtoend.Response{
		"demoting":  c.as(token, http.MethodPatch, path, map[string]string{"role": "DEVELOPER"}),
		"disabling": c.as(token, http.MethodPatch, path, map[string]string{"status": "disabled"}),
		"removing":  c.as(token, http.MethodDelete, path, nil),
		"resetting": c.as(token, http.MethodPost, path+"/reset-second-factor", nil),
	} {
		wants(t, name+" oneself", got, 403)
		if got.Text("detail") != "Another ADMIN must do this to your account." {
			t.Errorf("%s oneself: %s", name, got.Body)
		}
	}
	wants(t, "ending one's own sessions", c.as(token, http.MethodDelete, path+"/sessions", nil), 204)
	wants(t, "the session", c.get("/dashboard", token), 401)
	wants(t, "signed in again", c.get("/admin_resource", c.recover(user)), 200)
}

func TestWhoHasLostTheSecondFactorEnrolsAnewAfterAReset(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "DEVELOPER")
	admin := c.admin(shared)
	path := "/accounts/" + user.UserID + "/reset-second-factor"
	first := c.as(admin, http.MethodPost, path, nil)
	wants(t, "a reset", first, 201)
	got := c.as(admin, http.MethodPost, path, nil)
	wants(t, "another", got, 201)
	if first.Text("enrolment") == got.Text("enrolment") || len(got.Text("enrolment")) < 26 || got.Header.Get("Location") != "" || got.JSON["enrolment_url"] != nil {
		t.Errorf("answered %s", got.Body)
	}
	wants(t, "the session", c.get("/dashboard", token), 401)
	challenge := c.login(user)
	wants(t, "the lost app's code", c.verify(challenge, user.CodeAt(time.Now())), 401)
	wants(t, "a recovery code", c.verify(challenge, user.RecoveryCodes[0]), 401)
	enrol := func(code string) endtoend.Response {
		got := c.do(http.MethodPost, "/enrolment", map[string]string{"username": user.Username, "password": user.Password, "enrolment": code})
		if totp, ok := got.JSON["totp"].(map[string]any); ok {
			secrets.add("authenticator secret", totp["secret"].(string))
		}
		return got
	}
	wants(t, "with the first code", enrol(first.Text("enrolment")), 401)
	enrolled := enrol(got.Text("enrolment"))
	wants(t, "with the second", enrolled, 201)
	codes, _ := enrolled.JSON["recovery_codes"].([]any)
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	for _, code := range codes {
		secrets.add("recovery code", code.(string))
	}
	wants(t, "signing in with what is new", c.verify(c.login(user), codes[0].(string)), 200)
	pending := c.user()
	wants(t, "a reset of what was never signed in to", c.as(admin, http.MethodPost, "/accounts/"+pending.UserID+"/reset-second-factor", nil), 409)
}

func TestInvitationsAreListedAndWithdrawn(t *testing.T) {
	c := calling(t, shared.Client)
	maker, admin := c.member(shared, "ADMIN")
	made := c.as(admin, http.MethodPost, "/invitations", map[string]any{"role": "DEVELOPER"})
	secrets.add("invitation", made.Text("invitation"))
	mine := func() (found []map[string]any) {
		cursor := ""
		for range 100 {
			got := c.get("/invitations?limit=2"+cursor, admin)
			wants(t, "the list", got, 200)
			for _, entry := range objects(got, "invitations") {
				if entry["made_by"] == maker.UserID {
					found = append(found, entry)
				}
			}
			if got.Text("next_cursor") == "" {
				return found
			}
			cursor = "&cursor=" + got.Text("next_cursor")
		}
		t.Fatal("the list has no end")
		return nil
	}
	all := mine()
	if len(all) != 1 || all[0]["role"] != "DEVELOPER" || all[0]["expires_at"] != made.JSON["expires_at"] || len(all[0]) != 4 {
		t.Fatalf("listed %v", all)
	}
	id, _ := all[0]["invitation_id"].(string)
	register := func(code string) endtoend.Response {
		password := "canary " + unique()
		secrets.add("password", password)
		got := c.do(http.MethodPost, "/register", map[string]string{"username": "invited-" + unique(), "password": password, "role": "DEVELOPER", "invitation": code})
		if totp, ok := got.JSON["totp"].(map[string]any); ok {
			secrets.add("authenticator secret", totp["secret"].(string))
		}
		return got
	}
	wants(t, "registering with the id of the invitation", register(id), 403)
	wants(t, "withdrawing", c.as(admin, http.MethodDelete, "/invitations/"+id, nil), 204)
	wants(t, "withdrawing twice", c.as(admin, http.MethodDelete, "/invitations/"+id, nil), 404)
	wants(t, "registering with it", register(made.Text("invitation")), 403)
	if all := mine(); len(all) != 0 {
		t.Errorf("listed after that: %v", all)
	}
	made = c.as(admin, http.MethodPost, "/invitations", map[string]any{"role": "DEVELOPER"})
	secrets.add("invitation", made.Text("invitation"))
	id, _ = mine()[0]["invitation_id"].(string)
	wants(t, "registering", register(made.Text("invitation")), 201)
	wants(t, "withdrawing what is used", c.as(admin, http.MethodDelete, "/invitations/"+id, nil), 404)
}

func TestBadRequestsOfAnAdminAreRefused(t *testing.T) {
	c := calling(t, shared.Client)
	admin := c.admin(shared)
	user := c.user()
	for _, path := range []string{
		"/accounts?limit=0", "/accounts?limit=101", "/accounts?limit=", "/accounts?limit=1&limit=2", "/accounts?page=2", "/accounts?cursor=",
		"/accounts?cursor=x", "/accounts?role=admin", "/accounts?status=gone", "/accounts?role=", "/accounts?Username=x", "/invitations?role=ADMIN",
		"/invitations?cursor=%00", "/accounts?username=x&cursor=x", "/accounts?username=x&username=y",
	} {
		wants(t, path, c.get(path, admin), 400)
	}
	for _, id := range []string{"x", user.Username, strings.ToUpper(user.UserID), user.UserID + "0", user.UserID[1:], "%00", "..", strings.Repeat("0", 32), strings.Repeat("a", 300)} {
		for _, request := range [][2]string{
			{http.MethodGet, ""}, {http.MethodPatch, ""}, {http.MethodDelete, ""}, {http.MethodDelete, "/sessions"}, {http.MethodPost, "/reset-second-factor"},
		} {
			got := c.as(admin, request[0], "/accounts/"+id+request[1], map[string]string{"status": "disabled"})
			wants(t, request[0]+" "+id[:min(len(id), 40)]+request[1], got, 404)
		}
		wants(t, "an invitation "+id[:min(len(id), 40)], c.as(admin, http.MethodDelete, "/invitations/"+id, nil), 404)
	}
	for _, body := range []any{
		nil, "", "x", "[]", "{}", `{"role":"ROOT"}`, `{"role":null}`, `{"status":"pending"}`, `{"role":"ADMIN","role":"ADMIN"}`, `{"user_id":"x","role":"ADMIN"}`,
		`{"role":"ADMIN"} ` + "x", `{"role":["ADMIN"]}`,
	} {
		got := c.as(admin, http.MethodPatch, "/accounts/"+user.UserID, body)
		if body == nil {
			wants(t, "no body", got, 415)
			continue
		}
		wants(t, fmt.Sprint(body), got, 400)
	}
	wants(t, "form data", c.do(http.MethodPatch, "/accounts/"+user.UserID, "role=ADMIN", "Authorization", "Bearer "+admin, "Content-Type", "application/x-www-form-urlencoded"), 415)
	if got := c.get("/accounts/"+user.UserID, admin); got.Text("role") != "CONSUMER" || got.Text("status") != "pending" {
		t.Errorf("changed to %s", got.Body)
	}
}

func TestNothingOfAnErasedPersonIsLeftButEventsUnderTheUserID(t *testing.T) {
	runner := start(t)
	c := caller{endtoend.Client{URL: runner.URL, HTTP: endtoend.From("127.0.0.77")}, t}
	_, admin := calling(t, runner.Client).member(runner, "ADMIN")
	// A life that leaves something everywhere: another ADMIN's, who invites, acts on others, mistypes, and has a sign-in under way.
	user := c.register("ADMIN", calling(t, runner.Client).invite(runner, "ADMIN"))
	token := c.signIn(user)
	made := c.as(token, http.MethodPost, "/invitations", map[string]any{"role": "CONSUMER"})
	secrets.add("invitation", made.Text("invitation"))
	third := calling(t, runner.Client).user()
	wants(t, "an act on another", c.as(token, http.MethodPatch, "/accounts/"+third.UserID, map[string]string{"status": "disabled"}), 200)
	script := c.as(token, http.MethodPost, "/api-tokens", map[string]any{"name": "script-of-" + user.Username})
	secrets.add("API token", script.Text("api_token"))
	session := c.get("/dashboard", token).Text("session_id")
	wants(t, "a wrong code", c.verify(c.login(user), user.WrongCode()), 401)
	c.login(user)
	for _, from := range []caller{c, calling(t, runner.Client)} { // where the owner is known to be, and elsewhere
		wants(t, "a wrong password", from.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": "wrong password"}), 401)
	}

	d := openDatabase(t, runner)
	traces := map[string]string{"the name": user.Username, "the session's id": session, "the address": "127.0.0.77", "an API token's id": script.Text("token_id")}
	look := func() map[string][]string {
		found := map[string][]string{}
		for table := range d.tables {
			for _, r := range d.rows(table) {
				for name, value := range flatten(r) {
					for what, trace := range traces {
						if bytes.Contains(value, []byte(trace)) {
							found[what] = append(found[what], table+"."+name)
						}
					}
				}
			}
		}
		return found
	}
	for what := range traces {
		if len(look()[what]) == 0 {
			t.Errorf("%s is nowhere before: the test looks for nothing", what)
		}
	}
	throttles := len(d.rows("Throttles"))
	wants(t, "erasing", calling(t, runner.Client).as(admin, http.MethodDelete, "/accounts/"+user.UserID, nil), 204)
	left := look()
	for what, places := range left {
		// The ids of sessions and tokens name nobody any more; events keep them, so that what was done stays in one piece.
		places = slices.DeleteFunc(places, func(place string) bool {
			return strings.HasPrefix(place, "Audit.") && !strings.HasSuffix(place, "source_ip") && (what == "the session's id" || what == "an API token's id")
		})
		if len(places) > 0 {
			t.Errorf("%s is left in %v", what, places)
		}
	}
	if n := len(d.rows("Throttles")); n > throttles-3 {
		t.Errorf("of %d rows of Throttles %d are left: the name's, the place's and the account's codes should be gone", throttles, n)
	}
	wants(t, "the session", c.get("/dashboard", token), 401)
	wants(t, "the API token", c.get("/dashboard", script.Text("api_token")), 401)
	wants(t, "looking for the account", calling(t, runner.Client).get("/accounts/"+user.UserID, admin), 404)
	wants(t, "erasing twice", calling(t, runner.Client).as(admin, http.MethodDelete, "/accounts/"+user.UserID, nil), 404)
	if got := calling(t, runner.Client).get("/audit-events?user_id="+user.UserID, admin); len(objects(got, "events")) < 4 {
		t.Errorf("events under the user id: %s", got.Body)
	}
	invitations := objects(calling(t, runner.Client).get("/invitations", admin), "invitations")
	if !slices.ContainsFunc(invitations, func(i map[string]any) bool { return i["made_by"] == user.UserID }) {
		t.Errorf("the invitation does not name its maker's id: %v", invitations)
	}
	wants(t, "the name is free", c.do(http.MethodPost, "/register", map[string]string{"username": user.Username, "password": user.Password}), 201)
}
