package apigw_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
	"sallyport/shared/audit"
	"sallyport/shared/audit/audittest"
	"sallyport/shared/token"
)

const invocationID = "c3b7a7d2-5a0f-4e8e-9b54-0d1c7a4f8e21"

// signedIn is an event that the authorizer has let in.
func signedIn() apigw.Request {
	req := event()
	req.RequestContext.Authorizer = map[string]any{
		"kind": "session", "user_id": identity.UserID.String(), "username": identity.Username, "role": "ADMIN", "session_id": identity.SessionID,
		"token_id": identity.TokenID.String(), "issued_at": "1799996400", "expires_at": "1800000000",
	}
	return req
}

// audited answers one request of the action "act", and returns the events that the trail has then and the log lines.
func audited(t *testing.T, req apigw.Request, answer apigw.Answer, failure error) (events []audit.Event, log []map[string]any) {
	t.Helper()
	var out bytes.Buffer
	trail := &audittest.Trail{}
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: invocationID})
	req.RequestContext.Identity.SourceIP = "192.0.2.1"
	_, _ = apigw.Audited(logger(&out), trail, "act", func(context.Context, apigw.Request) (apigw.Answer, error) { return answer, failure })(ctx, req)
	return trail.All(), lines(t, out.String())
}

// lines reads a log: one JSON object a line, none with a member twice.
func lines(t *testing.T, log string) (all []map[string]any) {
	t.Helper()
	for text := range strings.SplitSeq(strings.TrimSuffix(log, "\n"), "\n") {
		line := map[string]any{}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		for name := range line {
			if n := strings.Count(text, `,"`+name+`":`); n > 1 {
				t.Errorf("%s is %d times in %s", name, n, text)
			}
		}
		all = append(all, line)
	}
	return all
}

func TestARequestToAnAuditedFunctionIsAnEventInTheTrailAndInTheLog(t *testing.T) {
	me, other, record := identity.UserID.String(), token.ID{7}, identity.TokenID.String()
	wrong := &apperr.Error{Code: apperr.Unauthenticated, Reason: "password_wrong", Account: "ana", UserID: other.String(), Bounded: true}
	for name, test := range map[string]struct {
		req     apigw.Request
		answer  apigw.Answer
		failure error
		want    audit.Event // less what all have
	}{
		"a sign-in begins": {
			event(), apigw.Answer{Status: 200, Account: other, SessionID: "s-8", TokenID: token.ID{9}, Detail: "code=totp", Who: []any{"username", "ana"}}, nil,
			audit.Event{ActorID: other.String(), AccountID: other.String(), SessionID: "s-8", TokenID: token.ID{9}.String(), Detail: "code=totp"},
		},
		"a client acts": {
			event(), apigw.Answer{Status: 200, Account: other, Actor: "client-1"}, nil, audit.Event{ActorID: "client-1", AccountID: other.String()},
		},
		"whoever it is acts on an account": {
			event(), apigw.Answer{Status: 204, Account: other, Actor: audit.Nobody}, nil, audit.Event{AccountID: other.String()},
		},
		"about no account": {event(), apigw.Answer{Status: 204, Actor: audit.Nobody}, nil, audit.Event{AccountID: audit.Nobody}},
		"a caller acts on himself": {
			signedIn(), apigw.Answer{Status: 200, Target: "t"}, nil, audit.Event{ActorID: me, AccountID: me, SessionID: "s-3", TokenID: record, Target: "t"},
		},
		"a caller acts on another": {
			signedIn(), apigw.Answer{Status: 200, Account: other, Detail: "role=ADMIN"}, nil,
			audit.Event{ActorID: me, AccountID: other.String(), SessionID: "s-3", TokenID: record, Detail: "role=ADMIN"},
		},
		"a wrong password of an account": {event(), apigw.Answer{}, wrong, audit.Event{Outcome: audit.Refused, Reason: "password_wrong", AccountID: other.String()}},
		"a name that nobody has": {
			event(), apigw.Answer{}, apperr.Refuse(apperr.Unauthenticated, "", "credentials_unknown"),
			audit.Event{Outcome: audit.Refused, Reason: "credentials_unknown", AccountID: audit.Nobody, Recurring: true},
		},
		"what is refused of an account and not counted": {
			event(), apigw.Answer{}, &apperr.Error{Code: apperr.Unauthenticated, Reason: "challenge_expired", UserID: other.String()},
			audit.Event{Outcome: audit.Refused, Reason: "challenge_expired", AccountID: other.String(), Recurring: true},
		},
		"too early": {
			event(), apigw.Answer{}, &apperr.Error{Code: apperr.TooManyRequests, Reason: "throttled", UserID: other.String()},
			audit.Event{Outcome: audit.Throttled, Reason: "throttled", AccountID: other.String(), Recurring: true},
		},
		"a caller is refused": {
			signedIn(), apigw.Answer{}, apperr.New(apperr.Forbidden, ""),
			audit.Event{Outcome: audit.Refused, Reason: "forbidden", ActorID: me, AccountID: me, SessionID: "s-3", TokenID: record, Recurring: true},
		},
		"a caller is wrong about himself": {
			signedIn(), apigw.Answer{}, &apperr.Error{Code: apperr.Unauthenticated, Reason: "password_wrong", Account: "zoë", UserID: me, Bounded: true},
			audit.Event{Outcome: audit.Refused, Reason: "password_wrong", ActorID: me, AccountID: me, SessionID: "s-3", TokenID: record},
		},
		"a caller is refused something of another": {
			signedIn(), apigw.Answer{}, &apperr.Error{Code: apperr.Forbidden, Reason: "last_admin", UserID: other.String()},
			audit.Event{Outcome: audit.Refused, Reason: "last_admin", ActorID: me, AccountID: other.String(), SessionID: "s-3", TokenID: record, Recurring: true},
		},
		"a dependency fails": {
			signedIn(), apigw.Answer{}, apperr.Unavailable(errors.New("timeout")),
			audit.Event{Outcome: audit.Failed, Reason: "dependency_failed", ActorID: me, AccountID: me, SessionID: "s-3", TokenID: record, Recurring: true},
		},
	} {
		events, log := audited(t, test.req, test.answer, test.failure)
		if len(events) != 1 || len(log) != 1 {
			t.Errorf("%s: %d events, %d lines", name, len(events), len(log))
			continue
		}
		got := events[0]
		if since := time.Since(got.At); since < 0 || since > 2*time.Minute {
			t.Errorf("%s: at %v", name, got.At)
		}
		want := test.want
		if want.Outcome == "" {
			want.Outcome = audit.Succeeded
		}
		want.Action, want.At, want.Address, want.RequestID, want.InvocationID = "act", got.At, "192.0.2.1", requestID, invocationID
		if got != want {
			t.Errorf("%s: stored\n%+v, want\n%+v", name, got, want)
		}
		line := map[string]any{}
		for _, field := range []string{"event", "outcome", "reason", "actor_id", "account_id", "session_id", "token_id", "target", "detail", "source_ip", "request_id", "lambda_request_id"} {
			if value, ok := log[0][field]; ok {
				line[field] = value
			}
		}
		told := map[string]any{}
		for field, value := range map[string]string{
			"event": "act", "outcome": string(want.Outcome), "actor_id": want.ActorID, "account_id": strings.TrimPrefix(want.AccountID, audit.Nobody),
			"session_id": want.SessionID, "token_id": want.TokenID, "target": want.Target, "detail": want.Detail, "source_ip": "192.0.2.1",
			"request_id": requestID, "lambda_request_id": invocationID,
		} {
			if value != "" {
				told[field] = value
			}
		}
		if test.failure != nil {
			told["reason"] = string(apperr.From(test.failure).Reason)
		}
		if !maps.Equal(line, told) {
			t.Errorf("%s: the line tells %v, want %v", name, line, told)
		}
	}
}

func TestWhatCouldNotBeReadIsInTheLogAlone(t *testing.T) {
	for _, code := range []apperr.Code{apperr.InvalidRequest, apperr.RequestTooLarge, apperr.UnsupportedMediaType} {
		events, log := audited(t, event(), apigw.Answer{}, apperr.New(code, "Mend it."))
		if len(events) != 0 || log[0]["event"] != "act" || log[0]["outcome"] != "refused" || log[0]["code"] != string(code) {
			t.Errorf("%s: %d events, %v", code, len(events), log)
		}
	}
}

func TestAnEventThatCannotBeStoredChangesNoAnswerAndIsCounted(t *testing.T) {
	var out bytes.Buffer
	trail := &audittest.Trail{}
	trail.Fail(errors.New("dynamo: no table"))
	response, err := apigw.Audited(logger(&out), trail, "act", func(context.Context, apigw.Request) (apigw.Answer, error) {
		return apigw.OK(map[string]int{"n": 1})
	})(t.Context(), event())
	if err != nil || response.StatusCode != 200 || response.Body != `{"n":1}` {
		t.Errorf("%+v, %v", response, err)
	}
	log := lines(t, out.String())
	if len(log) != 2 || log[0]["event"] != "act" || log[0]["outcome"] != "succeeded" {
		t.Fatalf("the log: %v", log)
	}
	said := log[1]
	if said["level"] != "ERROR" || said["msg"] != "an audit event could not be stored" || said["event"] != "act" || said["request_id"] != requestID ||
		said["AuditErrors"] != 1.0 || said["stage"] != "test" || said["stack"] != "auth" {
		t.Errorf("the log: %v", said)
	}
	if metric := `"CloudWatchMetrics":[{"Namespace":"Sallyport","Dimensions":[["stage","stack"]],"Metrics":[{"Name":"AuditErrors","Unit":"Count"}]}]`; !strings.Contains(out.String(), metric) {
		t.Errorf("no %s in %s", metric, out.String())
	}
}

// hanging is a trail that does not answer until it is given up on.
type hanging struct{}

func (hanging) Record(ctx context.Context, _ audit.Event) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestATrailThatHangsCostsNobodyTheAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		limit, handling time.Duration // the function's time, and what of it the handler takes
		least, most     time.Duration // from the handler's answer to the function's
	}{
		"with time to spare":                {5 * time.Second, 0, 900 * time.Millisecond, 1500 * time.Millisecond},
		"the handler took most of its time": {time.Second, 500 * time.Millisecond, 300 * time.Millisecond, 480 * time.Millisecond},
		"the handler took all of its time":  {time.Second, 900 * time.Millisecond, 0, 90 * time.Millisecond},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), test.limit)
		var out bytes.Buffer
		var answered time.Time
		response, err := apigw.Audited(logger(&out), hanging{}, "act", func(context.Context, apigw.Request) (apigw.Answer, error) {
			time.Sleep(test.handling)
			answered = time.Now()
			return apigw.Answer{Status: 204}, nil
		})(ctx, event())
		took := time.Since(answered)
		if err != nil || response.StatusCode != 204 || ctx.Err() != nil || took < test.least || took > test.most {
			t.Errorf("%s: %d, %v, %v after the handler, the function's time is over: %v", name, response.StatusCode, err, took, ctx.Err())
		}
		cancel()
	}
}

func TestNothingThatACallerSendsForgesALineOrAnEvent(t *testing.T) {
	forged := "x\r\n" + `{"level":"INFO","msg":"request","event":"login","outcome":"succeeded"}` + "\x1b[2K\u2028\u2029\u0085\u202e\x00\""
	req := event()
	req.RequestContext.RequestID, req.RequestContext.ExtendedRequestID = forged, forged
	req.Headers["User-Agent"], req.RequestContext.Identity.UserAgent, req.Body = forged, forged, forged
	req.HTTPMethod, req.Resource = forged, forged
	for name, failure := range map[string]error{"": nil, "refused": &apperr.Error{Code: apperr.Unauthenticated, Reason: "password_wrong", Account: forged, UserID: forged, TokenID: forged}} {
		events, log := audited(t, req, apigw.Answer{Status: 200, Who: []any{"username", forged}, Target: forged, Detail: forged, SessionID: forged, Actor: forged}, failure)
		if len(log) != 1 || log[0]["event"] != "act" || len(events) != 1 {
			t.Fatalf("%s: %v, %v", name, events, log)
		}
		e := events[0]
		if e.RequestID != invocationID {
			t.Errorf("%s: the request's id is %q", name, e.RequestID)
		}
		for _, text := range []string{e.Action, e.Reason, e.Detail, e.ActorID, e.AccountID, e.SessionID, e.TokenID, e.Target, e.Address, e.RequestID, e.InvocationID} {
			if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%s: stored is %q", name, text)
			}
		}
	}
}
