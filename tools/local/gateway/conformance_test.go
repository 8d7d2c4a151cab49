package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/tools/local/template"
)

// TestTheGatewayAnswersAsTheDeveloperGuideSays has a row for each behaviour, with the section of the API Gateway
// Developer Guide that says so, or Measured or Local as the package's comment explains.
func TestTheGatewayAnswersAsTheDeveloperGuideSays(t *testing.T) {
	configured := func(kind string, status int) func(*fixture) {
		return func(f *fixture) {
			f.api.GatewayResponses[kind] = template.GatewayResponse{StatusCode: status, Headers: map[string]string{"Content-Type": "'application/problem+json'"},
				Templates: map[string]string{"application/json": `{"type":"$context.error.responseType"}`}}
		}
	}
	guard := func(f function) func(*fixture) { return func(x *fixture) { x.invoker.functions["Guard"] = f } }
	open := func(f function) func(*fixture) { return func(x *fixture) { x.invoker.functions["Open"] = f } }
	with := func(r *http.Request, name, value string) *http.Request { r.Header.Set(name, value); return r }
	without := func(r *http.Request, name string) *http.Request { r.Header.Del(name); return r }
	unreachable := func(context.Context, []byte) (Result, error) { return Result{}, errors.New("no capacity") }

	for _, row := range []struct {
		name, cites string
		request     *http.Request
		change      func(*fixture)
		status      int
		errorType   string // X-Amzn-Errortype; empty when the function answered
		body        string // all of it, or its beginning if it ends in …
	}{
		// Routing.
		{"an unknown path", "Gateway response types: MISSING_AUTHENTICATION_TOKEN", without(get("/nothing"), "Authorization"), nil, 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"an unknown method", "Gateway response types: MISSING_AUTHENTICATION_TOKEN", without(get("/open"), "Authorization"), nil, 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"an unknown path with a credential", "Gateway response types: INVALID_SIGNATURE", get("/nothing"), nil, 403, "IncompleteSignatureException", `{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '…`},
		{"an unknown path, configured", "Gateway responses for REST APIs", without(get("/nothing"), "Authorization"), configured("MISSING_AUTHENTICATION_TOKEN", 404), 404, "MissingAuthenticationTokenException", `{"type":"MISSING_AUTHENTICATION_TOKEN"}`},
		{"an unknown path with a credential, configured", "Gateway responses for REST APIs", get("/nothing"), configured("INVALID_SIGNATURE", 404), 404, "IncompleteSignatureException", `{"type":"INVALID_SIGNATURE"}`},
		{"an unknown path by DEFAULT_4XX", "Gateway response types: DEFAULT_4XX", get("/nothing"), configured("DEFAULT_4XX", 0), 403, "IncompleteSignatureException", `{"type":"INVALID_SIGNATURE"}`},
		{"an unknown path by DEFAULT_4XX with a status", "Gateway response types: DEFAULT_4XX, changing its status changes all", get("/nothing"), configured("DEFAULT_4XX", 418), 418, "IncompleteSignatureException", `{"type":"INVALID_SIGNATURE"}`},
		{"a trailing slash", "Measured", get("/guarded/"), nil, 200, "", "guarded"},
		{"slashes before the path", "Measured", get("//guarded"), nil, 200, "", "guarded"},
		{"another case", "Local: literals are compared as they are sent", get("/Guarded"), nil, 403, "IncompleteSignatureException", `{"message":…`},
		{"an encoded letter", "Local: literals are compared as they are sent", get("/%67uarded"), nil, 403, "IncompleteSignatureException", `{"message":…`},
		{"a method override", "Important notes for REST APIs: X-HTTP-Method-Override", with(get("/open"), "X-HTTP-Method-Override", "post"), nil, 200, "", "open"},
		{"HEAD of a GET", "Measured: GET does not stand for HEAD", func() *http.Request { r := get("/guarded"); r.Method = "HEAD"; return r }(), nil, 403, "IncompleteSignatureException", ""},
		{"a method that no resource can have", "Local: ANY is DELETE, GET, HEAD, OPTIONS, PATCH, POST and PUT", func() *http.Request { r := get("/any/x"); r.Method = "TRACE"; return r }(), nil, 403, "IncompleteSignatureException", `{"message":…`},

		// Sizes.
		{"a body over 10 MB", "Quotas: payload size", post("/open", strings.Repeat("x", 10<<20+1)), nil, 413, "RequestTooLargeException", `{"message":"Request Too Long"}`},
		{"a body over 10 MB, configured", "Important notes for REST APIs: customizing 413 REQUEST_TOO_LARGE isn't supported", post("/open", strings.Repeat("x", 10<<20+1)), configured("REQUEST_TOO_LARGE", 0), 413, "RequestTooLargeException", `{"message":"Request Too Long"}`},
		{"an event over 6 MB", "Lambda quotas: invocation payload", post("/open", strings.Repeat("x", 6<<20)), nil, 413, "RequestTooLargeException", `{"message":"Request Too Long"}`},
		{"headers over 10,240 bytes", "Quotas: total combined size of all header values", with(get("/guarded"), "X-Long", strings.Repeat("x", 10241)), nil, 400, "BadRequestException", `{"message":"Bad Request"}`},
		{"a URL over 10,240 characters", "Quotas: length of the URL for a regional API", get("/guarded?" + strings.Repeat("x", 10240)), nil, 414, "BadRequestException", `{"message":"Request URI too long"}`},
		{"a method's ARN over 1,600 bytes", "Quotas: ARN length of a method with authorization", get("/guarded/" + strings.Repeat("x", 1600)), nil, 414, "BadRequestException", `{"message":"Request URI too long"}`},

		// The authorizer.
		{"allowed", "Lambda authorizer workflow", get("/guarded"), nil, 200, "", "guarded"},
		{"no credential", "Lambda authorizer workflow: a missing identity source is 401", without(get("/guarded"), "Authorization"), nil, 401, "UnauthorizedException", `{"message":"Unauthorized"}`},
		{"an empty credential", "Lambda authorizer workflow: an empty identity source is 401", with(get("/guarded"), "Authorization", " "), nil, 401, "UnauthorizedException", `{"message":"Unauthorized"}`},
		{"the error Unauthorized", "Lambda authorizer workflow: example", get("/guarded"), guard(fails("Unauthorized")), 401, "UnauthorizedException", `{"message":"Unauthorized"}`},
		{"an error in another spelling", "Lambda authorizer workflow: any other error is 500", get("/guarded"), guard(fails("unauthorized")), 500, "AuthorizerFailureException", `{"message":null}`},
		{"an error with more to say", "Lambda authorizer workflow: any other error is 500", get("/guarded"), guard(fails("Unauthorized: expired")), 500, "AuthorizerFailureException", `{"message":null}`},
		{"an authorizer that failed, configured", "Gateway response types: AUTHORIZER_FAILURE", get("/guarded"), func(f *fixture) { guard(fails("x"))(f); configured("AUTHORIZER_FAILURE", 503)(f) }, 503, "AuthorizerFailureException", `{"type":"AUTHORIZER_FAILURE"}`},
		{"an authorizer that can't be run", "Gateway response types: AUTHORIZER_CONFIGURATION_ERROR, failing to connect", get("/guarded"), guard(unreachable), 500, "AuthorizerConfigurationException", `{"message":null}`},
		{"an answer that is no policy", "Output from a Lambda authorizer", get("/guarded"), guard(answers(`{"isAuthorized":true}`)), 500, "AuthorizerConfigurationException", `{"message":null}`},
		{"a denied call", "Gateway response types: ACCESS_DENIED", get("/guarded"), guard(answers(policy("Deny", "*"))), 403, "AccessDeniedException", `{"Message":"User is not authorized to access this resource with an explicit deny"}`},
		{"a call that nothing allows", "IAM policy evaluation: implicit deny", get("/guarded"), guard(answers(policy("Allow", arnPrefix+"GET/other"))), 403, "AccessDeniedException", `{"Message":"User is not authorized to access this resource"}`},
		{"an open route", "Lambda authorizer workflow: only methods that have one", post("/open", ""), guard(fails("Unauthorized")), 200, "", "open"},

		// The integration.
		{"a function that fails", "Set up Lambda proxy integrations: 502", post("/open", ""), open(fails("boom")), 502, "InternalServerErrorException", `{"message":"Internal server error"}`},
		{"a function that fails, by DEFAULT_5XX", "Gateway response types: DEFAULT_5XX", post("/open", ""), func(f *fixture) { open(fails("boom"))(f); configured("DEFAULT_5XX", 0)(f) }, 502, "InternalServerErrorException", `{"type":"DEFAULT_5XX"}`},
		{"an answer that isn't one", "Output format of a Lambda function: 502", post("/open", ""), open(answers(`"text"`)), 502, "InternalServerErrorException", `{"message":"Internal server error"}`},
		{"an answer over 6 MB", "Lambda quotas: invocation payload", post("/open", ""), open(answers(`{"body":"` + strings.Repeat("x", 6291556) + `"}`)), 502, "InternalServerErrorException", `{"message":"Internal server error"}`},
		{"a function that can't be run", "Gateway response types: INTEGRATION_FAILURE", post("/open", ""), open(unreachable), 504, "InternalServerErrorException", `{"message":"Internal server error"}`},
		{"a function that can't be run, configured", "Gateway response types: INTEGRATION_FAILURE", post("/open", ""), func(f *fixture) { open(unreachable)(f); configured("INTEGRATION_FAILURE", 503)(f) }, 503, "InternalServerErrorException", `{"type":"INTEGRATION_FAILURE"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture()
			if row.change != nil {
				row.change(f)
			}
			r := f.send(row.request)
			body := bodyOf(t, r)
			if r.StatusCode != row.status || r.Header.Get("X-Amzn-Errortype") != row.errorType {
				t.Errorf("%d %s %s, want %d %s (%s)", r.StatusCode, r.Header.Get("X-Amzn-Errortype"), body, row.status, row.errorType, row.cites)
			}
			if beginning, partial := strings.CutSuffix(row.body, "…"); partial && !strings.HasPrefix(body, beginning) || !partial && body != row.body {
				t.Errorf("body %s, want %s (%s)", body, row.body, row.cites)
			}
			if r.Header.Get("X-Amzn-Requestid") == "" || r.Header.Get("X-Amz-Apigw-Id") == "" {
				t.Errorf("the response does not name the request: %v", r.Header)
			}
			if len(f.lines) != 1 || f.lines[0].Status != r.StatusCode || f.lines[0].RequestID != r.Header.Get("X-Amzn-Requestid") {
				t.Errorf("logged %+v", f.lines)
			}
			if got := f.lines[0].Problem != ""; got != (row.errorType != "") {
				t.Errorf("the log says the problem %q", f.lines[0].Problem)
			}
		})
	}
}

func TestAFunctionThatHangsIsGivenUpOn(t *testing.T) {
	// Quotas: integration timeout, 29 seconds. The context's deadline stands for the wait.
	for _, test := range []struct{ function, target, kind string }{
		{"Open", "/open", "INTEGRATION_TIMEOUT"},
		{"Guard", "/guarded", "AUTHORIZER_FAILURE"},
	} {
		f := newFixture()
		f.invoker.functions[test.function] = func(ctx context.Context, _ []byte) (Result, error) {
			deadline, ok := ctx.Deadline()
			if left := time.Until(deadline); !ok || left > 29*time.Second || left < 28*time.Second {
				t.Errorf("the deadline is in %v", left)
			}
			return Result{}, fmt.Errorf("run: %w", context.DeadlineExceeded)
		}
		request := post(test.target, "")
		if test.target == "/guarded" {
			request = get(test.target)
		}
		if r := f.send(request); r.StatusCode < 500 {
			t.Errorf("%s: %d", test.function, r.StatusCode)
		}
		if !strings.HasPrefix(f.lines[0].Problem, test.kind) {
			t.Errorf("%s: %s", test.function, f.lines[0].Problem)
		}
	}
}

func TestACallerWhoLeavesDoesNotStopTheFunction(t *testing.T) {
	f := newFixture()
	ctx, leave := context.WithCancel(context.Background())
	f.invoker.functions["Open"] = func(inner context.Context, _ []byte) (Result, error) {
		leave()
		if inner.Err() != nil {
			t.Error("the invocation was cancelled")
		}
		return Result{Payload: []byte(`{}`)}, nil
	}
	f.send(post("/open", "").WithContext(ctx))
}

func TestTheLogHasNothingSecret(t *testing.T) {
	f := newFixture()
	f.invoker.functions["Guard"] = fails("canary-error")
	r := get("/guarded/7?access_token=canary-query")
	r.Header.Set("Authorization", "Bearer canary-header")
	f.send(r)
	f.send(post("/any/a%0Ab", "canary-body"))
	for _, line := range f.lines {
		if text := fmt.Sprintf("%+v", line); strings.Contains(text, "canary") || strings.Contains(text, "\n") {
			t.Error(text)
		}
	}
	if f.lines[0].Path != "/guarded/7" || f.lines[0].Method != "GET" || f.lines[1].Path != "/any/a%0Ab" {
		t.Errorf("%+v", f.lines)
	}
}

func TestAColdStartOfEitherFunctionIsLogged(t *testing.T) {
	for _, id := range []string{"Guard", "Guarded"} {
		f := newFixture()
		f.send(get("/guarded"))
		warm := f.invoker.functions[id]
		f.invoker.functions[id] = func(ctx context.Context, payload []byte) (Result, error) {
			r, err := warm(ctx, payload)
			r.Cold = true
			return r, err
		}
		f.send(get("/guarded"))
		if f.lines[0].Cold || !f.lines[1].Cold {
			t.Errorf("%s: %+v", id, f.lines)
		}
	}
}

func TestAPanicIsLoggedAndGoesOn(t *testing.T) {
	f := newFixture()
	f.invoker.functions["Open"] = func(context.Context, []byte) (Result, error) { panic("boom") }
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		f.send(post("/open", ""))
	}()
	if len(f.lines) != 1 || f.lines[0].Status != 500 {
		t.Errorf("%+v", f.lines)
	}
}
