package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/tools/contract"
)

// refusal returns an answer of the gateway's own that keeps the contract, for a test to break.
func refusal(t *testing.T, status int, change func(*problem)) *answer {
	t.Helper()
	p := problem{
		Type: "urn:problem-type:sallyport:unauthenticated", Title: http.StatusText(status), Status: status, Detail: "Sign in.",
		Instance: "urn:uuid:00000000-0000-4000-8000-000000000010",
	}
	change(&p)
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return &answer{call: "GET /dashboard", status: status, gateway: true, body: body, header: http.Header{
		"Content-Type": {"application/problem+json"}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"},
		"Strict-Transport-Security": {"max-age=63072000; includeSubDomains"}, "Www-Authenticate": {`Bearer realm="sallyport"`},
	}}
}

func runWith(answers ...*answer) *run {
	r := newRun(target{}, time.Now)
	r.api.answers = answers
	return r
}

func TestEveryAnswersHeadersAreChecked(t *testing.T) {
	t.Parallel()
	unbroken := refusal(t, 401, func(*problem) {})
	if _, err := runWith(unbroken).headers(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Cache-Control", "X-Content-Type-Options", "Strict-Transport-Security", "Www-Authenticate"} {
		for _, value := range []string{"", "other"} {
			broken := *unbroken
			broken.header = maps.Clone(unbroken.header)
			broken.header.Set(name, value)
			if _, err := runWith(unbroken, &broken, unbroken).headers(t.Context()); err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(name)) {
				t.Errorf("%s %q: %v", name, value, err)
			}
		}
	}
}

func TestEveryRefusalsProblemIsChecked(t *testing.T) {
	t.Parallel()
	other := func(p *problem) { p.Instance = "urn:uuid:00000000-0000-4000-8000-000000000011" }
	if _, err := runWith(refusal(t, 401, func(*problem) {}), refusal(t, 403, other)).problems(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*problem){
		"type":                     func(p *problem) { p.Type = "about:blank" },
		"title":                    func(p *problem) { p.Title = "No" },
		"status":                   func(p *problem) { p.Status = 418 },
		"detail":                   func(p *problem) { p.Detail = "" },
		"instance":                 func(p *problem) { p.Instance = "/dashboard" },
		"instance is another requ": func(p *problem) { p.Instance = "urn:uuid:00000000-0000-4000-8000-000000000011" },
	} {
		if _, err := runWith(refusal(t, 403, other), refusal(t, 401, change)).problems(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	html := refusal(t, 401, func(*problem) {})
	html.header.Set("Content-Type", "text/html")
	if _, err := runWith(html).problems(t.Context()); err == nil {
		t.Error("a refusal that is no problem+json passes")
	}
	html = refusal(t, 401, func(*problem) {})
	html.body = []byte("<html>")
	if _, err := runWith(html).problems(t.Context()); err == nil {
		t.Error("a refusal that is no JSON passes")
	}
}

func TestSamLocalsRefusalsAreTakenOnlyUnderItsFlag(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, status int
		body         string
		taken        bool
	}{
		{401, 401, `{"message":"Unauthorized"}`, true},
		{401, 502, `{"message":"Internal server error"}`, true},
		{403, 403, `{"message":"User is not authorized to access this resource"}`, true},
		{404, 403, `{"message":"Missing Authentication Token"}`, true},
		{401, 200, `{"message":"Unauthorized"}`, false},
		{403, 200, `{}`, false},
		{403, 502, `{"message":"Internal server error"}`, false},
		{401, 500, `{"message":"Internal server error"}`, false},
		{401, 401, `{"access_token":"spt_"}`, false},
		{404, 404, `nothing`, false},
	} {
		got := func(gateway bool) *answer {
			return &answer{call: "GET /dashboard", status: c.status, body: []byte(c.body), header: http.Header{}, gateway: gateway}
		}
		flagged, strict := runWith(), runWith()
		flagged.target.samLocal = true
		of := got(true)
		seen, err := flagged.refused(of, c.want)
		if taken := err == nil && strings.Contains(seen, "sam local") && of.relaxed; taken != c.taken {
			t.Errorf("%d %s for %d with the flag: taken %t, want %t", c.status, c.body, c.want, taken, c.taken)
		}
		function := got(false)
		if _, _ = flagged.refused(function, c.want); function.relaxed {
			t.Errorf("%d %s for %d: relaxed although a function answers", c.status, c.body, c.want)
		}
		if of := got(true); c.status != c.want {
			if _, err := strict.refused(of, c.want); err == nil || of.relaxed {
				t.Errorf("%d %s for %d passes without the flag", c.status, c.body, c.want)
			}
		}
	}
}

func TestWithoutTheFlagSamLocalsAnswersFailTheForm(t *testing.T) {
	t.Parallel()
	r := runWith(&answer{call: "GET /dashboard", status: 401, gateway: true, body: []byte(`{"message":"Unauthorized"}`), header: http.Header{}})
	if _, err := r.headers(t.Context()); err == nil {
		t.Error("headers pass")
	}
	if _, err := r.problems(t.Context()); err == nil {
		t.Error("problems pass")
	}
}

// asSamLocal turns the gateway's refusals into sam local's, and gives the functions' the one request id that it has.
func asSamLocal(e *exchange) {
	var p problem
	if json.Unmarshal(e.answer.Body.Bytes(), &p) == nil && p.Instance != "" {
		id := []byte(p.Instance)
		e.answer.Body = bytes.NewBuffer(bytes.Replace(e.answer.Body.Bytes(), id, []byte("urn:uuid:00000000-0000-4000-8000-000000000001"), 1))
	}
	protected := false
	for _, to := range contract.Routes() {
		pattern := regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(to.Method+" "+to.Template()), "[^/]+")
		protected = protected || regexp.MustCompile("^"+pattern+"$").MatchString(e.route)
	}
	say := func(status int, message string) {
		e.answer = httptest.NewRecorder()
		e.answer.WriteHeader(status)
		_ = json.NewEncoder(e.answer.Body).Encode(map[string]string{"message": message}) // a map of text has a JSON form
	}
	switch {
	case !protected && e.answer.Code == 404:
		say(403, "Missing Authentication Token")
	case protected && e.answer.Code == 401 && e.bearer == "":
		say(401, "Unauthorized")
	case protected && e.answer.Code == 401:
		say(502, "Internal server error")
	case protected && e.answer.Code == 403 && e.answer.Header().Get(refusedByAuthorizer) != "":
		say(403, "User is not authorized to access this resource")
	}
}

func TestSamLocalPassesUnderItsFlagAlone(t *testing.T) {
	t.Parallel()
	to := startService(t, broken(asSamLocal)).target()
	if passed, output, _ := verify(t, to); passed {
		t.Errorf("sam local passes for API Gateway:\n%s", output)
	}
	to.samLocal = true
	passed, output, _ := verify(t, to)
	if !passed || !strings.Contains(output, "POST /logout 204, then GET /dashboard 502 (sam local's answer for 401)\n") ||
		!strings.Contains(output, "of sam local's own set aside)\n") || !strings.Contains(output, "sam local names its requests alike") {
		t.Errorf("sam local does not pass under its flag, or nothing says what was relaxed:\n%s", output)
	}
}

func TestARevokedTokenFailsUnderSamLocalsFlagToo(t *testing.T) {
	t.Parallel()
	revoked := brokenRoutes()[slices.IndexFunc(brokenRoutes(), func(b brokenPromise) bool { return b.title == "a revoked token is let through" })].alter()
	to := startService(t, broken(func(e *exchange) { revoked(e); asSamLocal(e) })).target()
	to.samLocal = true
	passed, output, _ := verify(t, to)
	if failed := failedSteps(output); passed || len(failed) != len(contract.RoleNames()) || !strings.HasPrefix(failed[0], "ADMIN logs out and is shut out at once: ") {
		t.Errorf("want the logout of every role to fail:\n%s", output)
	}
}
