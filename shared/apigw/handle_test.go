package apigw_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
	"sallyport/shared/audit/audittest"
)

const requestID = "0f8fad5b-d9cb-469f-a165-70867728950e"

func logger(out *bytes.Buffer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, nil)).With("stage", "test", "stack", "auth")
}

func event() apigw.Request {
	return apigw.Request{
		Resource: "/login", Path: "/login", HTTPMethod: http.MethodPost,
		Headers:        map[string]string{"Authorization": "Bearer canary-token"},
		Body:           `{"password":"canary-password"}`,
		RequestContext: events.APIGatewayProxyRequestContext{RequestID: requestID},
	}
}

func TestEveryErrorCodeHasItsStatusAndItsProblem(t *testing.T) {
	for _, c := range []struct {
		err        error
		status     int
		problem    string
		retryAfter string
	}{
		{apperr.New(apperr.InvalidRequest, "Mend it."), 400, "invalid-request", ""},
		{apperr.New(apperr.Unauthenticated, "Sign in."), 401, "unauthenticated", ""},
		{apperr.New(apperr.Forbidden, "No."), 403, "forbidden", ""},
		{apperr.New(apperr.UsernameTaken, "Taken."), 409, "username-taken", ""},
		{apperr.New(apperr.RequestTooLarge, "Too much."), 413, "request-too-large", ""},
		{apperr.New(apperr.UnsupportedMediaType, "JSON."), 415, "unsupported-media-type", ""},
		{&apperr.Error{Code: apperr.TooManyRequests, Detail: "Wait.", RetryAfter: 1200 * time.Millisecond}, 429, "too-many-requests", "2"},
		{&apperr.Error{Code: apperr.TooManyRequests, Detail: "Wait."}, 429, "too-many-requests", "1"},
		{apperr.Unavailable(errors.New("inside")), 503, "service-unavailable", "5"},
		{apperr.Tampered("inside", errors.New("inside")), 503, "service-unavailable", "5"},
	} {
		var out bytes.Buffer
		response, err := apigw.Handle(logger(&out), func(context.Context, apigw.Request) (apigw.Answer, error) {
			return apigw.Answer{}, c.err
		})(t.Context(), event())
		if err != nil {
			t.Fatalf("%v: %v", c.err, err)
		}
		var problem map[string]any
		if err := json.Unmarshal([]byte(response.Body), &problem); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != c.status || problem["status"] != float64(c.status) {
			t.Errorf("%v: status %d, in the body %v", c.err, response.StatusCode, problem["status"])
		}
		if problem["type"] != "urn:problem-type:sallyport:"+c.problem || problem["title"] != http.StatusText(c.status) ||
			problem["instance"] != "urn:uuid:"+requestID || problem["detail"] == "" || len(problem) != 5 {
			t.Errorf("%v: problem %v", c.err, problem)
		}
		if response.Headers["Content-Type"] != "application/problem+json" || response.Headers["Retry-After"] != c.retryAfter {
			t.Errorf("%v: headers %v", c.err, response.Headers)
		}
		if strings.Contains(response.Body, "inside") {
			t.Errorf("%v: the caller is told the inside: %s", c.err, response.Body)
		}
		checkSecurityHeaders(t, response)
	}
}

func checkSecurityHeaders(t *testing.T, response apigw.Response) {
	t.Helper()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
	} {
		if response.Headers[name] != want {
			t.Errorf("%s: %q", name, response.Headers[name])
		}
	}
}

func TestAnAnswerIsEncodedWithItsHeaders(t *testing.T) {
	var out bytes.Buffer
	response, err := apigw.Handle(logger(&out), func(context.Context, apigw.Request) (apigw.Answer, error) {
		return apigw.OK(map[string]int{"n": 1})
	})(t.Context(), event())
	if err != nil || response.StatusCode != 200 || response.Body != `{"n":1}` || response.Headers["Content-Type"] != "application/json" {
		t.Errorf("%+v, %v", response, err)
	}
	checkSecurityHeaders(t, response)

	response, err = apigw.Handle(logger(&out), func(context.Context, apigw.Request) (apigw.Answer, error) {
		return apigw.Answer{Status: http.StatusNoContent}, nil
	})(t.Context(), event())
	if err != nil || response.StatusCode != 204 || response.Body != "" || response.Headers["Content-Type"] != "" {
		t.Errorf("%+v, %v", response, err)
	}
	checkSecurityHeaders(t, response)
}

func TestAFaultAndAPanicSayNothingToTheCaller(t *testing.T) {
	for name, handler := range map[string]apigw.Handler{
		"an error that nobody classified": func(context.Context, apigw.Request) (apigw.Answer, error) {
			return apigw.Answer{}, errors.New("table accounts-1 is on fire")
		},
		"a panic": func(context.Context, apigw.Request) (apigw.Answer, error) {
			panic("canary-password")
		},
		"an answer that cannot be encoded": func(context.Context, apigw.Request) (apigw.Answer, error) {
			return apigw.OK(func() {})
		},
	} {
		var out bytes.Buffer
		response, err := apigw.Handle(logger(&out), handler)(t.Context(), event())
		if err == nil || err.Error() != "internal error" || response.StatusCode != 0 || response.Body != "" {
			t.Errorf("%s: %+v, %v", name, response, err)
		}
		if !strings.Contains(out.String(), `"level":"ERROR"`) || !strings.Contains(out.String(), requestID) {
			t.Errorf("%s: the log does not say so: %s", name, out.String())
		}
		if strings.Contains(out.String(), "canary") {
			t.Errorf("%s: the log tells a secret: %s", name, out.String())
		}
	}
}

func TestAPanicIsLoggedWithItsPlaceAndRaisesTheAlarm(t *testing.T) {
	var out bytes.Buffer
	_, _ = apigw.Handle(logger(&out), func(context.Context, apigw.Request) (apigw.Answer, error) {
		var none []string
		index := len(none)
		return apigw.OK(none[index]) //nolint:gosec,govet // G602, nilness: the panic is the test
	})(t.Context(), event())
	for _, want := range []string{"TestAPanicIsLoggedWithItsPlace", "runtime.errorString", `"Alarms":1`} {
		if want == "runtime.errorString" {
			want = "panic of type runtime."
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %s", want, out.String())
		}
	}
}

func TestEachEventIsOneLogLineWithoutSecretsOrForgery(t *testing.T) {
	var out bytes.Buffer
	handle := apigw.Audited(logger(&out), &audittest.Trail{}, "login", func(context.Context, apigw.Request) (apigw.Answer, error) {
		return apigw.Answer{Status: 200, Who: []any{"username", "eve\r\n{\"level\":\"ERROR\"}"}}, nil
	})
	for range 2 {
		if _, err := handle(t.Context(), event()); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines:\n%s", len(lines), out.String())
	}
	for i, text := range lines {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if line["request_id"] != requestID || line["route"] != "/login" || line["method"] != "POST" || line["status"] != float64(200) ||
			line["event"] != "login" || line["outcome"] != "succeeded" || line["stage"] != "test" || line["cold"] != (i == 0) {
			t.Errorf("line %d: %v", i, line)
		}
	}
	if strings.Contains(out.String(), "canary") {
		t.Errorf("the log tells a secret: %s", out.String())
	}
}

func TestTamperedDataRaisesTheAlarmMetric(t *testing.T) {
	var out bytes.Buffer
	_, _ = apigw.Handle(logger(&out), func(context.Context, apigw.Request) (apigw.Answer, error) {
		return apigw.Answer{}, apperr.Tampered("password_hash_corrupt", errors.New("cut short"))
	})(t.Context(), event())
	var line struct {
		Stage  string `json:"stage"`
		Stack  string `json:"stack"`
		Alarms int
		AWS    struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	directives := line.AWS.CloudWatchMetrics
	if line.Alarms != 1 || line.Stage != "test" || line.AWS.Timestamp == 0 || len(directives) != 1 || directives[0].Namespace != "Sallyport" ||
		directives[0].Metrics[0].Name != "Alarms" || !slices.Equal(directives[0].Dimensions[0], []string{"stage", "stack"}) || line.Stack != "auth" {
		t.Errorf("not the embedded metric format: %s", out.String())
	}
}

func TestAHandlerLearnsThatItsTimeIsUpWhileItCanStillAnswer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	limit, _ := ctx.Deadline()
	var out bytes.Buffer
	_, _ = apigw.Handle(logger(&out), func(ctx context.Context, _ apigw.Request) (apigw.Answer, error) {
		if deadline, ok := ctx.Deadline(); !ok || limit.Sub(deadline) < 500*time.Millisecond {
			t.Errorf("the handler may run until %v, the function until %v", deadline, limit)
		}
		return apigw.OK(nil)
	})(ctx, event())
}

func TestARequestIDThatTheCallerChoseIsNotTakenForAUUID(t *testing.T) {
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "c3b7a7d2-5a0f-4e8e-9b54-0d1c7a4f8e21"})
	for _, chosen := range []string{"", "x", "0f8fad5b-d9cb-469f-a165-70867728950g", `0f8fad5b-d9cb-469f-a165-70867728950"`, "0f8fad5bxd9cb-469f-a165-70867728950e"} {
		var out bytes.Buffer
		req := event()
		req.RequestContext.RequestID, req.RequestContext.ExtendedRequestID = chosen, "not-chosen="
		response, err := apigw.Handle(logger(&out), func(context.Context, apigw.Request) (apigw.Answer, error) {
			return apigw.Answer{}, apperr.New(apperr.InvalidRequest, "Mend it.")
		})(ctx, req)
		if err != nil || !strings.Contains(response.Body, `"instance":"urn:uuid:c3b7a7d2-5a0f-4e8e-9b54-0d1c7a4f8e21"`) {
			t.Errorf("%q: %s, %v", chosen, response.Body, err)
		}
		for _, want := range []string{`"lambda_request_id":"c3b7a7d2-5a0f-4e8e-9b54-0d1c7a4f8e21"`, `"extended_request_id":"not-chosen="`} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q: the log lacks %s: %s", chosen, want, out.String())
			}
		}
	}
}
