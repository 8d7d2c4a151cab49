package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/tools/local/template"
)

func TestAMissingIdentitySourceIsRefusedWithoutACall(t *testing.T) {
	for _, ttl := range []time.Duration{0, time.Minute} { // the same with and without a cache
		for _, values := range [][]string{nil, {""}, {" "}, {"", "\t"}} {
			f := newFixture()
			f.api.Authorizer.ResultTTL = ttl
			r := get("/guarded")
			r.Header["Authorization"] = values
			if got := f.send(r); got.StatusCode != http.StatusUnauthorized || f.invoker.calls("Guard") != 0 {
				t.Errorf("%q: %d after %d calls", values, got.StatusCode, f.invoker.calls("Guard"))
			}
		}
	}
}

func TestEveryIdentitySourceMustBeThere(t *testing.T) {
	f := newFixture()
	f.api.Authorizer.IdentityHeaders = []string{"authorization", "X-Tenant", "Host"}
	if r := f.send(get("/guarded")); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("without X-Tenant: %d", r.StatusCode)
	}
	r := get("/guarded")
	r.Header.Set("X-Tenant", "1")
	if r := f.send(r); r.StatusCode != http.StatusOK {
		t.Errorf("with all: %d", r.StatusCode)
	}
	f.api.Authorizer.IdentityHeaders = nil
	r = get("/guarded")
	r.Header.Del("Authorization")
	if r := f.send(r); r.StatusCode != http.StatusOK || f.invoker.calls("Guard") != 2 {
		t.Errorf("without identity sources the function decides: %d", r.StatusCode)
	}
}

func TestAnAnswerThatMakesNoSenseIsAConfigurationError(t *testing.T) {
	statement := func(s string) string { return `{"principalId":"p","policyDocument":{"Statement":` + s + `}}` }
	const fine = `{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"*"}`
	for _, answer := range []string{
		``, `null`, `"Allow"`, `[]`, `{`, `{}`,
		`{"policyDocument":{"Statement":` + fine + `}}`,
		`{"principalId":"","policyDocument":{"Statement":` + fine + `}}`,
		`{"principalId":null,"policyDocument":{"Statement":` + fine + `}}`,
		`{"principalId":7,"policyDocument":{"Statement":` + fine + `}}`,
		`{"principalid":"p","policyDocument":{"Statement":` + fine + `}}`,
		`{"principalId":"p"}`, `{"principalId":"p","policyDocument":null}`, `{"principalId":"p","policyDocument":[]}`,
		`{"principalId":"p","policyDocument":"{}"}`, `{"principalId":"p","policyDocument":{}}`,
		`{"principalId":"p","policyDocument":{"Version":"2020-01-01","Statement":` + fine + `}}`,
		`{"principalId":"p","policyDocument":{"statement":` + fine + `}}`,
		statement(`[]`), statement(`null`), statement(`"Allow"`), statement(`[` + fine + `,7]`),
		statement(`{"Action":"execute-api:Invoke","Resource":"*"}`),
		statement(`{"Action":"execute-api:Invoke","Effect":"allow","Resource":"*"}`),
		statement(`{"Effect":"Allow","Resource":"*"}`), statement(`{"Action":[],"Effect":"Allow","Resource":"*"}`),
		statement(`{"Action":7,"Effect":"Allow","Resource":"*"}`), statement(`{"Action":["a",7],"Effect":"Allow","Resource":"*"}`),
		statement(`{"Action":"*","Effect":"Allow"}`), statement(`{"Action":"*","Effect":"Allow","Resource":[]}`),
		statement(`{"Action":"*","Effect":"Allow","Resource":"` + strings.Repeat("x", 513) + `"}`),
		statement(`{"Action":"*","Effect":"Allow","Resource":"arn/${aws:username}"}`),
		statement(`{"NotAction":"a:b","Action":"*","Effect":"Allow","Resource":"*"}`), statement(`{"Action":"*","Effect":"Allow","Resource":"*","NotResource":"x"}`),
		statement(`{"NotAction":[],"Effect":"Allow","Resource":"*"}`), statement(`{"Action":"*","Effect":"Allow","NotResource":7}`),
		statement(`{"Action":"*","Effect":"Allow","Resource":"*","Condition":{}}`),
		statement(`{"Action":"*","Effect":"Deny","Effect":"Allow","Resource":"*"}`),
		`{"principalId":"p","policyDocument":{"Statement":` + fine + `},"context":{"a":{}}}`,
		`{"principalId":"p","policyDocument":{"Statement":` + fine + `},"context":{"a":[]}}`,
		`{"principalId":"p","policyDocument":{"Statement":` + fine + `},"context":[]}`,
	} {
		f := newFixture()
		f.invoker.functions["Guard"] = answers(answer)
		r := f.send(get("/guarded"))
		if r.Header.Get("X-Amzn-Errortype") != "AuthorizerConfigurationException" || f.invoker.calls("Guarded") != 0 {
			t.Errorf("%s: %d %s", answer, r.StatusCode, r.Header.Get("X-Amzn-Errortype"))
		}
	}
	for _, answer := range []string{
		statement(fine), statement(`[` + fine + `]`),
		`{"principalId":"p","policyDocument":{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"s","Action":["a:b","EXECUTE-API:*"],"Effect":"Allow","Resource":["x","*"]}]},"context":null,"usageIdentifierKey":"k"}`,
	} {
		f := newFixture()
		f.invoker.functions["Guard"] = answers(answer)
		if r := f.send(get("/guarded")); r.StatusCode != 200 {
			t.Errorf("%s: %d %s", answer, r.StatusCode, f.lines[0].Problem)
		}
	}
}

func TestAResultThatIsNotCachedIsAskedForEveryTime(t *testing.T) {
	f := newFixture()
	g := New(f.api, f.invoker, f.options)
	for range 3 {
		serve(g, get("/guarded"))
	}
	if n := f.invoker.calls("Guard"); n != 3 {
		t.Errorf("%d calls", n)
	}
}

func TestACachedPolicyIsAppliedToOtherRoutesUntilItExpires(t *testing.T) {
	f := newFixture()
	clock := &handClock{now: time.Unix(1_800_000_000, 0)}
	f.options.Clock = clock.Now
	f.api.Authorizer.ResultTTL = 300 * time.Second
	f.invoker.functions["Guard"] = answers(policy("Allow", arnPrefix+"GET/guarded"))
	g := New(f.api, f.invoker, f.options)
	status := func(r *http.Request) int { return serve(g, r).StatusCode }
	other := get("/guarded")
	other.Header.Set("Authorization", "Bearer other")
	for _, step := range []struct {
		name          string
		request       *http.Request
		wait          time.Duration
		status, calls int
	}{
		{"the first", get("/guarded"), 0, 200, 1},
		{"the same again", get("/guarded"), 0, 200, 1},
		{"a route that the cached policy doesn't name", get("/guarded/7"), 0, 403, 1},
		{"another caller", other, 0, 200, 2},
		{"just before the end", get("/guarded"), 300*time.Second - 1, 200, 2},
		{"at the end", get("/guarded"), 1, 200, 3},
	} {
		clock.add(step.wait)
		if got := status(step.request); got != step.status || f.invoker.calls("Guard") != step.calls {
			t.Errorf("%s: %d after %d calls, want %d after %d", step.name, got, f.invoker.calls("Guard"), step.status, step.calls)
		}
	}
}

func TestErrorsOfTheAuthorizerAreNotCachedAndDenialsAre(t *testing.T) {
	f := newFixture()
	f.api.Authorizer.ResultTTL = time.Minute
	f.invoker.functions["Guard"] = fails("Unauthorized")
	g := New(f.api, f.invoker, f.options)
	serve(g, get("/guarded"))
	f.invoker.functions["Guard"] = answers(policy("Deny", "*"))
	for range 2 {
		if r := serve(g, get("/guarded")); r.StatusCode != http.StatusForbidden {
			t.Errorf("%d", r.StatusCode)
		}
	}
	if n := f.invoker.calls("Guard"); n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestTheCacheIsBoundedAndTellsListsOfValuesApart(t *testing.T) {
	c := newVerdictCache(time.Hour, time.Now)
	for i := range 3 * maxCachedVerdicts {
		c.put([]string{string(rune(i))}, &verdict{})
	}
	if len(c.verdicts) > maxCachedVerdicts {
		t.Errorf("%d entries", len(c.verdicts))
	}
	if digest([]string{"ab", "c"}) == digest([]string{"a", "bc"}) || digest([]string{"a"}) == digest([]string{"a", ""}) {
		t.Error("two lists have one key")
	}
}

func TestTheContextReachesGatewayResponses(t *testing.T) {
	f := newFixture()
	f.invoker.functions["Guard"] = answers(strings.TrimSuffix(policy("Allow", "*"), "}") + `,"context":{"who":"me"}}`)
	f.invoker.functions["Guarded"] = fails("x")
	f.api.GatewayResponses["DEFAULT_5XX"] = template.GatewayResponse{Templates: map[string]string{"application/json": "$context.authorizer.who $context.authorizer.principalId $context.authorizer.none."}}
	if body := bodyOf(t, f.send(get("/guarded"))); body != "me p ." {
		t.Error(body)
	}
}
