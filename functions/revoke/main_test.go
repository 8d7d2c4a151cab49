package main

import (
	"context"
	"errors"
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// revoked answers the golden event with what became of its token.
func revoked(t *testing.T, ended session.Identity, failure error) (apigw.Answer, error) {
	t.Helper()
	authenticate := func(context.Context, string, secret.Text, string) error { return nil }
	revoke := func(_ context.Context, presented secret.Text) (session.Identity, error) {
		if _, err := token.Parse(presented.Reveal()); err != nil {
			t.Errorf("the token is %q", presented.Reveal())
		}
		return ended, failure
	}
	return apigw.ForClients(authenticate, handler(revoke))(t.Context(), apigwtest.Event[apigw.Request](t, "revoke"))
}

func TestARevocationIsAnsweredWithoutABodyAndNotedWithWhoseItWas(t *testing.T) {
	ended := session.Identity{UserID: token.ID{1}, TokenID: token.ID{2}, SessionID: "00112233445566778899aabbccddeeff", Username: "sample.user"}
	answer, err := revoked(t, ended, nil)
	if err != nil || answer.Status != 200 || answer.Body != nil || answer.Account != ended.UserID || answer.TokenID != ended.TokenID ||
		answer.Actor != "0123456789abcdef0123456789abcdef" || answer.Detail != "kind=session" || answer.Unrecorded {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestATokenThatIsNotLiveIsAnsweredLikeOneThatWas(t *testing.T) {
	answer, err := revoked(t, session.Identity{}, &apperr.Error{Code: apperr.Unauthenticated, Reason: session.ReasonRevoked})
	if err != nil || answer.Status != 200 || answer.Body != nil || answer.Note == nil {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestRevokingDoesNotClaimWhatItCouldNotDo(t *testing.T) {
	answer, err := revoked(t, session.Identity{}, apperr.Unavailable(errors.New("no answer")))
	if apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
}
