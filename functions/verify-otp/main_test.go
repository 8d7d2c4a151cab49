package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/audit/audittest"
	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
	"sallyport/shared/otp"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// opener stands for KMS with one secret in it.
type opener struct{ key otp.Secret }

func (o opener) OpenSecret(context.Context, token.ID, []byte) ([]byte, error) {
	return o.key.Bytes(), nil
}

func TestTheRightCodeIsAnsweredWithATokenThatTheAuthorizerAllows(t *testing.T) {
	event := apigwtest.Event[apigw.Request](t, "verify-otp")
	var sample struct {
		ChallengeID string `json:"challenge_id"`
	}
	if err := json.Unmarshal([]byte(event.Body), &sample); err != nil {
		t.Fatal(err)
	}
	store, now, key := accounttest.NewStore(), time.Now(), otp.NewSecret()
	clock := func() time.Time { return now }
	ring := envelope.NewRing(envelopetest.NewStore(), envelopetest.NewWrapper("test"), "test", clock, slog.New(slog.DiscardHandler))
	verify := handler(&account.Finisher{
		Store: store, Opener: opener{key}, Issuer: session.NewIssuer(ring, clock, time.Hour), Now: clock, Log: slog.New(slog.DiscardHandler),
	})
	if _, err := verify(t.Context(), event); apperr.CodeOf(err) != apperr.Unauthenticated {
		t.Errorf("an unknown challenge: %v", err)
	}

	user := token.NewID()
	store.PutAccount(account.Account{Username: "sample.user", UserID: user, Status: account.Pending, Role: policy.Developer})
	store.PutChallenge(account.Challenge{ID: sample.ChallengeID, Username: "sample.user", UserID: user, ExpiresAt: now.Unix() + 300})
	body, err := json.Marshal(map[string]string{"challenge_id": sample.ChallengeID, "otp": key.CodeAt(otp.StepAt(now)).Reveal()})
	if err != nil {
		t.Fatal(err)
	}
	event.Body = string(body)
	answer, err := verify(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := answer.Body.(response)
	if !ok || answer.Status != 200 || got.TokenType != "Bearer" || got.ExpiresIn != 3600 || got.Role != "DEVELOPER" || got.SessionID == "" {
		t.Errorf("%d %s %s", answer.Status, got.TokenType, got.Role)
	}
	ask := apigwtest.Event[apigw.AuthorizerRequest](t, "authorizer")
	ask.MultiValueHeaders["Authorization"] = []string{got.TokenType + " " + got.AccessToken}
	authorize := apigw.Authorize(slog.New(slog.DiscardHandler), session.NewAuthorizer(ring, store, clock).Authorize, &audittest.Trail{})
	if verdict, err := authorize(t.Context(), ask); err != nil || verdict.Context["session_id"] != got.SessionID {
		t.Errorf("the authorizer says %+v, %v", verdict, err)
	}
}
