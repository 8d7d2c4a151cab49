package main

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
	"sallyport/shared/faults"
	"sallyport/shared/session"
)

// world has the session that the golden event was called in.
func world(t *testing.T) (*accounttest.Store, apigw.Handler, apigw.Request) {
	t.Helper()
	event := apigwtest.Event[apigw.Request](t, "renew")
	caller, err := apigw.Caller(event)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(caller.IssuedAt, 0).Add(time.Minute)
	clock := func() time.Time { return now }
	store := accounttest.NewStore()
	ring := envelope.NewRing(envelopetest.NewStore(), envelopetest.NewWrapper("test"), "test", clock, slog.New(slog.DiscardHandler))
	store.Add(session.Record{
		UserID: caller.UserID, TokenID: caller.TokenID, SessionID: caller.SessionID, Username: caller.Username, Role: caller.Role,
		CreatedAt: caller.IssuedAt, IssuedAt: caller.IssuedAt, ExpiresAt: caller.ExpiresAt, LimitAt: caller.IssuedAt + 43_200,
	})
	return store, handler(session.NewRenewer(store, ring, clock, time.Hour)), event
}

func TestRenewingIsAnsweredLikeASignIn(t *testing.T) {
	_, renew, event := world(t)
	answer, err := renew(t.Context(), event)
	got, ok := answer.Body.(response)
	if err != nil || !ok || answer.Status != 200 || got.TokenType != "Bearer" || got.ExpiresIn != 3600 || got.Role != "CONSUMER" ||
		got.SessionID != "00112233445566778899aabbccddeeff" || got.AccessToken == "" {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestRenewingDoesNotClaimWhatItCouldNotDo(t *testing.T) {
	store, renew, event := world(t)
	store.Before("ReplaceToken", faults.Always(errors.New("no answer")))
	if answer, err := renew(t.Context(), event); apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
}
