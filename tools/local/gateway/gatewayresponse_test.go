package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/tools/local/template"
)

// respond gives the response of an API with one gateway response to a request for a route that it doesn't have.
func respond(f *fixture, kind string, g template.GatewayResponse, r *http.Request) *http.Response {
	f.api.GatewayResponses[kind] = g
	return f.send(r)
}

func TestAConfiguredTypeTakesNothingFromItsDefault(t *testing.T) {
	f := newFixture()
	f.api.GatewayResponses["DEFAULT_4XX"] = template.GatewayResponse{StatusCode: 418, Headers: map[string]string{"X-A": "'a'"}, Templates: map[string]string{"application/json": "default"}}
	r := respond(f, "INVALID_SIGNATURE", template.GatewayResponse{Headers: map[string]string{"X-B": "'b'"}}, get("/nothing"))
	if r.StatusCode != 403 || r.Header.Get("X-A") != "" || r.Header.Get("X-B") != "b" || !strings.HasPrefix(bodyOf(t, r), `{"message":"Invalid key=value pair`) {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
}

func TestTheContentTypeIsTheHeadersOrElseTheTemplates(t *testing.T) {
	problem := map[string]string{"application/json": "json", "application/problem+json": "problem"}
	for _, test := range []struct {
		name, accept    string
		response        template.GatewayResponse
		wantType, wants string
	}{
		{"nothing configured", "", template.GatewayResponse{}, "application/json", `{"message":…`},
		{"a header mapping", "", template.GatewayResponse{Headers: map[string]string{"content-type": "'application/problem+json'"}, Templates: map[string]string{"application/json": "json"}}, "application/problem+json", "json"},
		{"no Accept", "", template.GatewayResponse{Templates: problem}, "application/json", "json"},
		{"Accept names one", "application/problem+json;q=0.9, text/html", template.GatewayResponse{Templates: problem}, "application/problem+json", "problem"},
		{"only the first of Accept counts", "text/html, application/problem+json", template.GatewayResponse{Templates: problem}, "application/json", "json"},
		{"there is only another", "text/html", template.GatewayResponse{Templates: map[string]string{"text/plain": "plain"}}, "text/plain", "plain"},
	} {
		request := get("/nothing")
		if test.accept != "" {
			request.Header.Set("Accept", test.accept)
		}
		r := respond(newFixture(), "INVALID_SIGNATURE", test.response, request)
		body := bodyOf(t, r)
		beginning, _ := strings.CutSuffix(test.wants, "…")
		if r.Header.Get("Content-Type") != test.wantType || len(r.Header["Content-Type"]) != 1 || !strings.HasPrefix(body, beginning) {
			t.Errorf("%s: %v %s", test.name, r.Header, body)
		}
	}
}

func TestHeadersAreMappedFromTheRequestAndTheContext(t *testing.T) {
	request := get("/guarded/7?q=x&q=y")
	request.Header.Set("X-In", "in")
	f := newFixture()
	f.invoker.functions["Guard"] = fails("Unauthorized")
	r := respond(f, "UNAUTHORIZED", template.GatewayResponse{Headers: map[string]string{
		"WWW-Authenticate": `'Bearer realm="r"'`, "X-Literal": "'it's'", "X-Header": "method.request.header.x-in", "X-Query": "method.request.querystring.q",
		"X-Path": "method.request.path.id", "X-Stage": "context.stage", "X-Empty": "method.request.header.none"}}, request)
	for name, value := range map[string]string{"Www-Authenticate": `Bearer realm="r"`, "X-Literal": "it's", "X-Header": "in", "X-Query": "y", "X-Path": "7", "X-Stage": "test", "X-Empty": ""} {
		if got := r.Header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

func TestEveryVariableThatATemplateMayUseHasAValue(t *testing.T) {
	f := newFixture()
	clock := &handClock{now: time.Unix(1795421107, 0)}
	f.options.Clock = clock.Now
	f.invoker.functions["Guard"] = fails("Unauthorized")
	request := get("/guarded/7")
	request.Header.Set("User-Agent", "agent")
	variables := template.ContextVariables()
	r := respond(f, "UNAUTHORIZED", template.GatewayResponse{Templates: map[string]string{"application/json": strings.Join(variables, "\n")}}, request)
	values := strings.Split(bodyOf(t, r), "\n")
	if len(values) != len(variables) {
		t.Fatal(values)
	}
	wants := map[string]string{"$context.accountId": "123456789012", "$context.apiId": "local", "$context.domainName": "example.com", "$context.domainPrefix": "example",
		"$context.error.message": "Unauthorized", "$context.error.messageString": `"Unauthorized"`, "$context.error.responseType": "UNAUTHORIZED",
		"$context.error.validationErrorString": "", "$context.httpMethod": "GET", "$context.identity.sourceIp": "192.0.2.1", "$context.identity.userAgent": "agent",
		"$context.path": "/test/guarded/7", "$context.protocol": "HTTP/1.1", "$context.requestId": f.lines[0].RequestID, "$context.requestTime": "23/Nov/2026:08:05:07 +0000",
		"$context.requestTimeEpoch": "1795421107000", "$context.resourceId": resourceID("/guarded/{id}"), "$context.resourcePath": "/guarded/{id}", "$context.stage": "test",
		"$context.extendedRequestId": r.Header.Get("X-Amz-Apigw-Id")}
	for i, name := range variables {
		if want, ok := wants[name]; !ok || values[i] != want {
			t.Errorf("%s is %q, want %q", name, values[i], want)
		}
	}
}

func TestADotBehindAVariableIsText(t *testing.T) {
	r := respond(newFixture(), "INVALID_SIGNATURE", template.GatewayResponse{Templates: map[string]string{"application/json": "urn:$context.stage. $5 $context.error.nothing|"}}, get("/nothing"))
	if body := bodyOf(t, r); body != "urn:test. $5 |" {
		t.Error(body)
	}
}
