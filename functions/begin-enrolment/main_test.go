package main

import (
	"bytes"
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
	"sallyport/shared/otp"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// keys stands for KMS: it seals by doing nothing.
type keys struct{}

func (keys) SealSecret(_ context.Context, _ token.ID, plaintext []byte) ([]byte, error) {
	return plaintext, nil
}

func (keys) OpenSecret(_ context.Context, _ token.ID, sealed []byte) ([]byte, error) {
	return bytes.Clone(sealed), nil
}

// world has the account and the session that the golden event was called in.
func world(t *testing.T, event apigw.Request, a account.Account) (*accounttest.Store, account.CredentialChanger) {
	t.Helper()
	caller, err := apigw.Caller(event)
	if err != nil {
		t.Fatal(err)
	}
	store := accounttest.NewStore()
	a.Username, a.UserID, a.Role, a.Status = caller.Username, caller.UserID, caller.Role, account.Active
	a.Sessions = map[token.ID]account.SessionEntry{caller.TokenID: {SessionID: caller.SessionID}}
	store.PutAccount(a)
	store.Add(session.Record{UserID: caller.UserID, TokenID: caller.TokenID, Username: caller.Username, Role: caller.Role})
	return store, account.CredentialChanger{Store: store, Opener: keys{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

// with is the event with a code in place of the sample's.
func with(t *testing.T, event apigw.Request, code string) apigw.Request {
	t.Helper()
	var body map[string]string
	if err := json.Unmarshal([]byte(event.Body), &body); err != nil {
		t.Fatal(err)
	}
	body["otp"] = code
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	event.Body = string(text)
	return event
}

func TestTheSampleIsAnsweredWithASecretThatIsNoOtherYet(t *testing.T) {
	event, key := apigwtest.Event[apigw.Request](t, "begin-enrolment"), otp.NewSecret()
	store, changer := world(t, event, account.Account{SealedTOTPSecret: key.Bytes()})
	begin := handler(&account.Enroller{CredentialChanger: changer, Sealer: keys{}, Issuer: "Sallyport"})
	if _, err := begin(t.Context(), with(t, event, "no code")); apperr.CodeOf(err) != apperr.InvalidRequest {
		t.Errorf("no code: %v", err)
	}
	answer, err := begin(t.Context(), with(t, event, key.CodeAt(otp.StepAt(time.Now())).Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	got, ok := answer.Body.(response)
	a := store.Snapshot().Accounts["sample.user"]
	enrolling, err := otp.ParseSecret(a.EnrollingTOTPSecret)
	if err != nil || !ok || answer.Status != 200 || got.ExpiresIn != 600 || got.TOTP.Secret != enrolling.Base32().Reveal() ||
		got.TOTP.URI != enrolling.URI("Sallyport", "sample.user").Reveal() || !bytes.Equal(a.SealedTOTPSecret, key.Bytes()) {
		t.Errorf("status %d, for %d s, %v", answer.Status, got.ExpiresIn, err)
	}
}
