package endtoend_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/tools/endtoend"
)

// auditEvent is an event as GET /audit-events shows it.
type auditEvent struct {
	ID              string `json:"event_id"`
	Event           string `json:"event"`
	Outcome         string `json:"outcome"`
	Reason          string `json:"reason"`
	Detail          string `json:"detail"`
	At              int64  `json:"at"`
	ActorID         string `json:"actor_id"`
	AccountID       string `json:"account_id"`
	SessionID       string `json:"session_id"`
	TokenID         string `json:"token_id"`
	Target          string `json:"target"`
	SourceIP        string `json:"source_ip"`
	RequestID       string `json:"request_id"`
	LambdaRequestID string `json:"lambda_request_id"`
}

// String is what happened, for comparison.
func (e auditEvent) String() string {
	return strings.Join(slices.DeleteFunc([]string{e.Event, e.Outcome, e.Reason, e.Detail}, func(part string) bool { return part == "" }), " ")
}

// auditPage reads one page of a query.
func (c caller) auditPage(token, query string) (events []auditEvent, next string) {
	c.t.Helper()
	got := c.get("/audit-events"+query, token)
	wants(c.t, "audit events "+query, got, 200)
	var page struct {
		Events []auditEvent `json:"events"`
		Next   string       `json:"next_cursor"`
	}
	if err := json.Unmarshal([]byte(got.Body), &page); err != nil || page.Events == nil {
		c.t.Fatalf("%v: %s", err, got.Body)
	}
	return page.Events, page.Next
}

// auditEvents reads all pages of a query, which has at least one parameter.
func (c caller) auditEvents(token, query string) (all []auditEvent) {
	c.t.Helper()
	for cursor := ""; ; {
		events, next := c.auditPage(token, query+cursor)
		all = append(all, events...)
		if next == "" {
			return all
		}
		cursor = "&cursor=" + next
	}
}

// logLines are the JSON lines that a local run's functions have printed.
func logLines(runner *endtoend.Runner) (all []map[string]any) {
	for text := range strings.Lines(runner.Output()) {
		line := map[string]any{}
		if _, text, printed := strings.Cut(text, " | "); printed && json.Unmarshal([]byte(text), &line) == nil { // the function's name precedes it
			all = append(all, line)
		}
	}
	return all
}

func TestWhateverIsDoneWithAnAccountIsAnEventThatAnAdminReads(t *testing.T) {
	c := calling(t, shared.Client)
	admin := c.admin(shared)
	adminID := c.get("/dashboard", admin).Text("user_id")
	began := time.Now().Unix()
	user := c.register("DEVELOPER", c.invite(shared, "DEVELOPER"))

	requests := map[string]string{} // by what happened
	did := func(what string, got endtoend.Response, status int) endtoend.Response {
		t.Helper()
		wants(t, what, got, status)
		requests[what] = got.Header.Get("X-Amzn-Requestid")
		return got
	}
	login := func(password string) endtoend.Response {
		return c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": password})
	}
	did("login refused password_wrong", login("a wrong password"), 401)
	challenge := did("login succeeded", login(user.Password), 200).Text("challenge_id")
	did("verify_otp refused code_wrong", c.verify(challenge, user.WrongCode()), 401)
	token := did("verify_otp succeeded code=totp", c.verify(challenge, user.Code()), 200).Text("access_token")
	did("verify_otp refused challenge_unknown", c.verify(challenge, user.WrongCode()), 401) // about no account: the challenge is gone
	did("authorize refused role_not_allowed", c.get("/admin_resource", token), 403)
	token = c.recover(user)
	sessionID := c.get("/dashboard", token).Text("session_id")
	did("logout succeeded", c.logout(token), 204)
	did("authorize refused token_record_absent", c.get("/dashboard", token), 401)
	challenge = c.login(user)
	for range 5 {
		wants(t, "a wrong code", c.verify(challenge, user.WrongCode()), 401)
	}
	did("verify_otp throttled throttled", c.verify(challenge, user.Code()), 429)

	found := map[string]auditEvent{}
	events := c.auditEvents(admin, "?user_id="+user.UserID)
	var order []string
	for _, e := range events {
		if e.AccountID != user.UserID || e.SourceIP != "127.0.0.1" || e.ID == "" || e.At < began-60 || e.At > time.Now().Unix() || e.RequestID == "" || e.LambdaRequestID == "" {
			t.Errorf("%+v", e)
		}
		if _, ok := found[e.String()]; !ok {
			order = append(order, e.String())
		}
		found[e.String()] = e
	}
	for what, requestID := range requests {
		e, ok := found[what]
		if what == "verify_otp refused challenge_unknown" {
			if ok {
				t.Error("an unknown challenge is about the account")
			}
			continue
		}
		if !ok || e.RequestID != requestID {
			t.Errorf("%s: %+v, want the request %s; there are %v", what, e, requestID, order)
		}
		if strings.Contains(what, "succeeded") != (e.ActorID == user.UserID) && what != "authorize refused role_not_allowed" {
			t.Errorf("%s was done by %q", what, e.ActorID)
		}
	}
	for _, what := range []string{"register succeeded role=DEVELOPER", "verify_otp succeeded code=recovery"} {
		if _, ok := found[what]; !ok {
			t.Errorf("%s is not there; there are %v", what, order)
		}
	}
	if found["logout succeeded"].SessionID != sessionID || found["verify_otp succeeded code=recovery"].SessionID != sessionID || sessionID == "" {
		t.Errorf("the session's events do not name it: %+v", found["logout succeeded"])
	}
	if !slices.IsSortedFunc(events, func(a, b auditEvent) int { return strings.Compare(b.ID, a.ID) }) {
		t.Error("not the newest first")
	}

	// The invitation is the ADMIN's doing, and what nobody's account is about is under none.
	invited := slices.ContainsFunc(c.auditEvents(admin, "?user_id="+adminID), func(e auditEvent) bool {
		return e.String() == "create_invitation succeeded role=DEVELOPER" && e.ActorID == adminID && len(e.Target) == 64
	})
	unknown := slices.ContainsFunc(c.auditEvents(admin, "?user_id=-"), func(e auditEvent) bool {
		return e.String() == "verify_otp refused challenge_unknown" && e.AccountID == "" && e.ActorID == ""
	})
	if !invited || !unknown {
		t.Errorf("the invitation is there: %v; the unknown challenge: %v", invited, unknown)
	}

	// By time there is all of it, and the log has each event too.
	waitFor(t, "the events by time", func() bool {
		all := c.auditEvents(admin, fmt.Sprintf("?limit=100&from=%d", began-60))
		return !slices.ContainsFunc(events, func(e auditEvent) bool { return !slices.Contains(all, e) })
	})
	log := logLines(shared)
	for what, requestID := range requests {
		if !slices.ContainsFunc(log, func(line map[string]any) bool {
			return line["request_id"] == requestID && line["event"] == strings.Fields(what)[0] && line["outcome"] == strings.Fields(what)[1] &&
				line["source_ip"] == "127.0.0.1" && line["lambda_request_id"] != "" &&
				(line["account_id"] == user.UserID || what == "verify_otp refused challenge_unknown")
		}) {
			t.Errorf("the log does not tell of %s, %s", what, requestID)
		}
	}
}

func TestAuditEventsComeInPagesAndAreAskedForStrictly(t *testing.T) {
	c := calling(t, shared.Client)
	admin := c.admin(shared)
	user, other := c.user(), c.user()
	for range 3 {
		c.login(user)
	}
	whole := c.auditEvents(admin, "?user_id="+user.UserID)
	if paged := c.auditEvents(admin, "?limit=1&user_id="+user.UserID); len(whole) != 4 || !slices.Equal(paged, whole) {
		t.Errorf("page by page %v, at once %v", paged, whole)
	}
	_, cursor := c.auditPage(admin, "?limit=1&user_id="+user.UserID)
	_, dayCursor := c.auditPage(admin, "?limit=1")
	if events, next := c.auditPage(admin, "?user_id=ffffffffffffffffffffffffffffffff"); len(events) > 0 || next != "" {
		t.Errorf("of an account that is not there: %v, %q", events, next)
	}
	if events, next := c.auditPage(admin, "?from=253402300799"); len(events) > 0 || next != "" {
		t.Errorf("of the year 9999: %v, %q", events, next)
	}
	for _, query := range []string{
		"?limit=0", "?limit=101", "?limit=x", "?limit=", "?limit=1&limit=1", "?page=2", "?cursor=", "?cursor=x", "?cursor=" + cursor, "?user_id=" + user.UserID + "&cursor=" + dayCursor,
		"?user_id=" + other.UserID + "&limit=1&cursor=" + cursor, "?actor_id=" + user.UserID + "&cursor=" + cursor, "?user_id=" + user.UserID + "&from=1&cursor=" + cursor,
		"?user_id=" + user.UserID + "&cursor=" + cursor[:len(cursor)-1], "?user_id=" + user.UserID + "&cursor=" + cursor + "A", "?cursor=" + strings.Repeat("A", 2000),
		"?user_id=", "?user_id=x", "?user_id=" + user.Username, "?user_id=" + strings.ToUpper(user.UserID) + "A", "?user_id=" + user.UserID + "&user_id=" + user.UserID,
		"?actor_id=", "?actor_id=-", "?actor_id=x", "?user_id=" + user.UserID + "&actor_id=" + user.UserID,
		"?from=", "?from=x", "?from=-1", "?from=1.5", "?from=1e9", "?from=01", "?from=253402300800", "?from=99999999999999999999", "?to=x", "?to=-1", "?to=%00", "?from=%0d%0a",
	} {
		wants(t, query, c.get("/audit-events"+query, admin), 400)
	}
	for _, role := range []string{"DEVELOPER", "CONSUMER"} {
		_, token := c.member(shared, role)
		wants(t, role, c.get("/audit-events", token), 403)
	}
	wants(t, "nobody", c.do(http.MethodGet, "/audit-events", nil), 401)
}

func TestNothingSentForgesALineOfTheLogOrAnEvent(t *testing.T) {
	c := calling(t, shared.Client)
	admin := c.admin(shared)
	user, marker := c.user(), "forged"+unique()
	forged := "\r\n{\"msg\":\"request\",\"event\":\"" + marker + "\",\"outcome\":\"succeeded\"}\n\x1b[2K\u2028" + marker + "\u2029\u0085\u202e\""
	for _, body := range []map[string]string{
		{"username": forged, "password": forged},
		{"username": user.Username, "password": forged},
		{"username": user.Username + "\r\n" + marker, "password": user.Password},
	} {
		for _, path := range []string{"/login", "/register"} {
			if got := c.do(http.MethodPost, path, body); got.Status < 400 || got.Status >= 500 {
				t.Errorf("%s: %d %s", path, got.Status, got.Body)
			}
		}
	}
	wants(t, "a challenge", c.do(http.MethodPost, "/verify-otp", map[string]string{"challenge_id": forged[:60], "otp": "123456"}), 401)
	wants(t, "a code", c.do(http.MethodPost, "/verify-otp", map[string]string{"challenge_id": c.login(user), "otp": forged}), 400)
	wants(t, "a role", c.do(http.MethodPost, "/invitations", map[string]string{"role": forged}, "Authorization", "Bearer "+admin), 400)
	header := "\"" + marker + "\u2028\u2029{\"event\":\"" + marker + "\"}" // what an HTTP client lets through
	wants(t, "headers", c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password},
		"User-Agent", header, "X-Amzn-RequestId", header, "X-Forwarded-For", header), 200)
	wants(t, "a token", c.get("/dashboard", header), 401)

	for text := range strings.Lines(shared.Output()) {
		if !strings.Contains(text, marker) {
			continue
		}
		line := map[string]any{}
		_, text, _ = strings.Cut(text, " | ")
		if err := json.Unmarshal([]byte(text), &line); err != nil || line["event"] == marker || strings.ContainsAny(strings.TrimSuffix(text, "\n"), "\r\x1b\u2028\u2029\u0085") {
			t.Errorf("a line is forged: %q", text)
		}
	}
	for _, r := range openDatabase(t, shared).rows("Audit") {
		for name, value := range flatten(r) {
			if strings.Contains(string(value), marker) || strings.ContainsFunc(string(value), func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("an event's %s is %q", name, value)
			}
		}
	}
	for _, query := range []string{"?user_id=" + user.UserID, "?limit=100"} {
		if body := c.get("/audit-events"+query, admin).Body; strings.Contains(body, marker) {
			t.Errorf("the answer tells what was sent: %s", body)
		}
	}
}

// checkEventsOfTheAuditPage checks that every event of docs/audit.md has been stored, and none that is not there.
func checkEventsOfTheAuditPage(t *testing.T, runner *endtoend.Runner) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "audit.md"))
	if err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(string(page), "| field of an event |")
	stored, said := map[string]bool{}, map[string]bool{}
	for _, r := range openDatabase(t, runner).rows("Audit") {
		stored[text(r["action"])] = true
	}
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ").FindAllStringSubmatch(table, -1) {
		said[match[1]] = true
	}
	if !maps.Equal(stored, said) {
		t.Errorf("stored are the events %v, docs/audit.md has %v", slices.Sorted(maps.Keys(stored)), slices.Sorted(maps.Keys(said)))
	}
}
