package main

import (
	"context"
	"errors"
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/audit"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// reported answers the golden event with what became of its token.
func reported(t *testing.T, ended session.Identity, failure error) (apigw.Answer, error) {
	t.Helper()
	return handler(func(_ context.Context, found secret.Text, address string) (session.Identity, error) {
		if _, err := token.Parse(found.Reveal()); err != nil || address != "203.0.113.7" {
			t.Errorf("the token is %q, from %s", found.Reveal(), address)
		}
		return ended, failure
	})(t.Context(), apigwtest.Event[apigw.Request](t, "report-token"))
}

func TestWhoeverReportsATokenDoesNotLearnWhetherItWasLive(t *testing.T) {
	live, err := reported(t, session.Identity{Kind: token.API, UserID: token.ID{1}, TokenID: token.ID{2}, Username: "sample.user"}, nil)
	if err != nil || live.Status != 204 || live.Body != nil || live.Account != (token.ID{1}) ||
		live.Actor != audit.Nobody || live.Detail != "kind=api-token" || live.Unrecorded {
		t.Errorf("%+v, %v", live, err)
	}
	dead, err := reported(t, session.Identity{}, &apperr.Error{Code: apperr.Unauthenticated, Reason: session.ReasonRevoked})
	if err != nil || dead.Status != 204 || dead.Body != nil || dead.Note == nil || !dead.Unrecorded {
		t.Errorf("%+v, %v", dead, err)
	}
}

func TestAReportDoesNotClaimWhatItCouldNotDo(t *testing.T) {
	answer, err := reported(t, session.Identity{}, apperr.Unavailable(errors.New("no answer")))
	if apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
}
