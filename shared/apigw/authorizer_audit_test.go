package apigw_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
	"sallyport/shared/audit"
	"sallyport/shared/audit/audittest"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func verdictOf(identity session.Identity, failure error) apigw.Judge {
	return func(context.Context, secret.Text, policy.Route) (session.Identity, error) { return identity, failure }
}

func TestTheAuthorizersTrailHasTheRefusalsOfGenuineTokensAndNothingElse(t *testing.T) {
	me, tokenID := identity.UserID.String(), identity.TokenID.String()
	genuine := func(reason apperr.Reason) error {
		return &apperr.Error{Code: apperr.Unauthenticated, Reason: reason, UserID: me, TokenID: tokenID}
	}
	reused := &apperr.Error{Code: apperr.Unauthenticated, Reason: session.ReasonReused, UserID: me, TokenID: tokenID, Bounded: true}
	none := audit.Event{}
	for name, test := range map[string]struct {
		identity session.Identity
		failure  error
		want     audit.Event
	}{
		"let in":             {identity, nil, none},
		"forged":             {session.Identity{}, apperr.Refuse(apperr.Unauthenticated, "", session.ReasonSignature), none},
		"malformed":          {session.Identity{}, apperr.Refuse(apperr.Unauthenticated, "", session.ReasonMalformed), none},
		"run out":            {session.Identity{}, apperr.Refuse(apperr.Unauthenticated, "", session.ReasonExpired), none},
		"a dependency fails": {session.Identity{}, &apperr.Error{Code: apperr.ServiceUnavailable, UserID: me, TokenID: tokenID}, none},
		"a panic's error":    {session.Identity{}, &apperr.Error{Code: apperr.Internal}, none},
		"another role's route": {
			identity, apperr.Refuse(apperr.Forbidden, "", session.ReasonRole),
			audit.Event{Reason: "role_not_allowed", ActorID: me, AccountID: me, SessionID: "s-3", TokenID: tokenID, Recurring: true},
		},
		"an API token's": {
			identity, apperr.Refuse(apperr.Forbidden, "", session.ReasonAPIToken),
			audit.Event{Reason: "api_token_not_allowed", ActorID: me, AccountID: me, SessionID: "s-3", TokenID: tokenID, Recurring: true},
		},
		"revoked":  {session.Identity{}, genuine(session.ReasonRevoked), audit.Event{Reason: "token_record_absent", AccountID: me, TokenID: tokenID, Recurring: true}},
		"mismatch": {session.Identity{}, genuine(session.ReasonRecordMismatch), audit.Event{Reason: "token_record_mismatch", AccountID: me, TokenID: tokenID, Recurring: true}},
		"reused":   {session.Identity{}, reused, audit.Event{Reason: "token_reused", AccountID: me, TokenID: tokenID}},
	} {
		var out bytes.Buffer
		trail := &audittest.Trail{}
		req := authorizerEvent("Bearer x")
		req.RequestContext.RequestID, req.RequestContext.Identity.SourceIP = requestID, "192.0.2.1"
		_, _ = apigw.Authorize(logger(&out), verdictOf(test.identity, test.failure), trail)(t.Context(), req)
		log := lines(t, out.String())
		wantOutcome := "refused"
		switch apperr.CodeOf(test.failure) {
		case "":
			wantOutcome = "succeeded"
		case apperr.ServiceUnavailable, apperr.Internal:
			wantOutcome = "failed"
		default:
		}
		if len(log) != 1 || log[0]["event"] != "authorize" || log[0]["outcome"] != wantOutcome {
			t.Errorf("%s: the log %v", name, log)
		}
		events := trail.All()
		if test.want == none {
			if len(events) != 0 {
				t.Errorf("%s: stored is %+v", name, events)
			}
			continue
		}
		if len(events) != 1 {
			t.Errorf("%s: %d events", name, len(events))
			continue
		}
		want := test.want
		want.Action, want.Outcome, want.At, want.Address, want.RequestID = "authorize", audit.Refused, events[0].At, "192.0.2.1", requestID
		want.InvocationID = events[0].InvocationID
		if events[0] != want {
			t.Errorf("%s: stored\n%+v, want\n%+v", name, events[0], want)
		}
		if log[0]["account_id"] != me || log[0]["token_id"] != tokenID {
			t.Errorf("%s: the log %v", name, log)
		}
	}
}

// However often a refused request is repeated, and with however many tokens of an account: one row a minute and reason.
func TestAFloodOfRefusedRequestsIsOneEventAMinute(t *testing.T) {
	trail := &audittest.Trail{}
	began := time.Now()
	for i := range 1000 {
		failure := &apperr.Error{Code: apperr.Unauthenticated, Reason: session.ReasonRevoked, UserID: identity.UserID.String(), TokenID: token.ID{byte(i), byte(i >> 8)}.String()}
		var out bytes.Buffer
		_, _ = apigw.Authorize(logger(&out), verdictOf(session.Identity{}, failure), trail)(t.Context(), authorizerEvent("Bearer x"))
	}
	minutes := int(time.Now().Truncate(time.Minute).Sub(began.Truncate(time.Minute))/time.Minute) + 1
	if n := len(trail.All()); n != minutes {
		t.Errorf("%d events in %d minutes", n, minutes)
	}
}

func TestStoringChangesNoVerdictAndDelaysItByItsLimitAtMost(t *testing.T) {
	failing := &audittest.Trail{}
	failing.Fail(errors.New("no table"))
	denied, revoked := apperr.New(apperr.Forbidden, ""), &apperr.Error{Code: apperr.Unauthenticated, UserID: identity.UserID.String()}
	for name, test := range map[string]struct {
		trail audit.Trail
		most  time.Duration
	}{
		"fails": {failing, 100 * time.Millisecond},
		"hangs": {hanging{}, 350 * time.Millisecond},
	} {
		var out bytes.Buffer
		began := time.Now()
		response, err := apigw.Authorize(logger(&out), verdictOf(identity, denied), test.trail)(t.Context(), authorizerEvent("Bearer x"))
		if took := time.Since(began); err != nil || response.PolicyDocument.Statement[0].Effect != "Deny" || took > test.most {
			t.Errorf("%s: %+v, %v after %v", name, response, err, took)
		}
		began = time.Now()
		_, err = apigw.Authorize(logger(&out), verdictOf(session.Identity{}, revoked), test.trail)(t.Context(), authorizerEvent("Bearer x"))
		if took := time.Since(began); err == nil || err.Error() != "Unauthorized" || took > test.most {
			t.Errorf("%s: %v after %v", name, err, took)
		}
		if log := lines(t, out.String()); len(log) != 4 || log[1]["AuditErrors"] != 1.0 || log[3]["AuditErrors"] != 1.0 {
			t.Errorf("%s: the log %v", name, log)
		}
		began = time.Now()
		if _, err := apigw.Authorize(logger(&out), verdictOf(identity, nil), test.trail)(t.Context(), authorizerEvent("Bearer x")); err != nil || time.Since(began) > 100*time.Millisecond {
			t.Errorf("%s: letting in waits for the trail", name)
		}
	}
}

// What letting a request in costs at the edge, beside the decision itself.
func BenchmarkAllowing(b *testing.B) {
	var out bytes.Buffer
	allow := apigw.Authorize(logger(&out), verdictOf(identity, nil), &audittest.Trail{})
	req, ctx := authorizerEvent("Bearer x"), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if _, err := allow(ctx, req); err != nil {
			b.Fatal(err)
		}
	}
}
