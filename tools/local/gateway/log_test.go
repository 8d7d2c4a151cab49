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

// How the gateway answers is held to AWS's documentation over HTTP, by tools/conformance. Here is what can't be shown there.

func TestAFunctionThatCanNotBeRunIsTheGatewaysFailure(t *testing.T) {
	unreachable := func(context.Context, []byte) (Result, error) { return Result{}, errors.New("no capacity") }
	configured := template.GatewayResponse{StatusCode: 503, Templates: map[string]string{"application/json": `{"type":"$context.error.responseType"}`}}
	for _, row := range []struct {
		name, function, kind string // kind: "Gateway response types" of the developer guide
		request              *http.Request
		status               int
		errorType, body      string
	}{
		{"the authorizer's", "Guard", "AUTHORIZER_CONFIGURATION_ERROR", get("/guarded"), 500, "AuthorizerConfigurationException", `{"message":null}`},
		{"the route's", "Open", "INTEGRATION_FAILURE", post("/open", ""), 504, "InternalServerErrorException", `{"message":"Internal server error"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture()
			f.invoker.functions[row.function] = unreachable
			r := f.send(row.request)
			if body := bodyOf(t, r); r.StatusCode != row.status || r.Header.Get("X-Amzn-Errortype") != row.errorType || body != row.body {
				t.Errorf("%d %v %s", r.StatusCode, r.Header, body)
			}
			f.api.GatewayResponses[row.kind] = configured
			if r := f.send(row.request); r.StatusCode != 503 || bodyOf(t, r) != `{"type":"`+row.kind+`"}` {
				t.Errorf("configured: %d", r.StatusCode)
			}
		})
	}
}

func TestEachAnswerIsOneLineWhichNamesTheProblemIfTheGatewayAnswered(t *testing.T) {
	for _, row := range []struct {
		name    string
		request *http.Request
		open    function
		problem string // its beginning
	}{
		{"a function's answer", post("/open", ""), answers(`{"statusCode":500,"body":"its own"}`), ""},
		{"an unknown route", get("/nothing"), nil, "INVALID_SIGNATURE: the API has no such route"},
		{"a function that fails", post("/open", ""), fails("boom"), "DEFAULT_5XX: the function ended in an error"},
		{"a body that is too long", post("/open", strings.Repeat("x", 10<<20+1)), nil, "REQUEST_TOO_LARGE: the body is over 10 MB"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture()
			if row.open != nil {
				f.invoker.functions["Open"] = row.open
			}
			r := f.send(row.request)
			if len(f.lines) != 1 || f.lines[0].Status != r.StatusCode || f.lines[0].RequestID != r.Header.Get("X-Amzn-Requestid") || f.lines[0].Problem != row.problem {
				t.Errorf("logged %+v", f.lines)
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
