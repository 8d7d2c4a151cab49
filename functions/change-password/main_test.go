package main

import (
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/password"
	"sallyport/shared/secret"
)

// fixture has the account and the session that the golden event was called in.
func fixture(t *testing.T, event apigw.Request, a account.Account) (*accounttest.Store, account.CredentialChanger) {
	t.Helper()
	caller, err := apigw.Caller(event)
	if err != nil {
		t.Fatal(err)
	}
	return accounttest.Changing(caller, a, time.Now)
}

// with is the event with a code in place of the sample's.
func with(t *testing.T, event apigw.Request, code string) apigw.Request {
	t.Helper()
	event.Body = apigwtest.With(t, event.Body, "otp", code)
	return event
}

func TestTheSampleIsAnsweredWithNothingAndThePasswordIsAnother(t *testing.T) {
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 19456, Time: 2})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := password.Prepare(secret.New("sample passphrase of six words"))
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(plain)
	if err != nil {
		t.Fatal(err)
	}
	event, key := apigwtest.Event[apigw.Request](t, "change-password"), otp.NewSecret()
	store, changer := fixture(t, event, account.Account{PasswordHash: hash, SealedTOTPSecret: key.Bytes()})
	change := handler(&account.PasswordChanger{CredentialChanger: changer, Hasher: hasher, Strength: password.CheckStrength})
	if _, err := change(t.Context(), with(t, event, "no code")); apperr.CodeOf(err) != apperr.InvalidRequest {
		t.Errorf("no code: %v", err)
	}
	answer, err := change(t.Context(), with(t, event, key.CodeAt(otp.StepAt(time.Now())).Reveal()))
	if err != nil || answer.Status != 204 || answer.Body != nil {
		t.Fatalf("%+v, %v", answer, err)
	}
	if plain, err = password.Prepare(secret.New("another passphrase of six words")); err != nil {
		t.Fatal(err)
	}
	stored := store.Snapshot().Accounts["sample.user"].PasswordHash
	if match, _, err := hasher.Verify(stored, plain); err != nil || !match {
		t.Errorf("the stored password is another: %v", err)
	}
}

func TestWithoutACallerNothingIsChanged(t *testing.T) {
	event := apigwtest.Event[apigw.Request](t, "change-password")
	event.RequestContext.Authorizer = nil
	if _, err := handler(nil)(t.Context(), event); apperr.CodeOf(err) != apperr.Internal {
		t.Error(err)
	}
}
