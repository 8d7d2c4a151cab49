package main

import (
	"bytes"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/otp"
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

func TestTheSampleIsAnsweredWithASecretThatIsNoOtherYet(t *testing.T) {
	event, key := apigwtest.Event[apigw.Request](t, "begin-enrolment"), otp.NewSecret()
	store, changer := fixture(t, event, account.Account{SealedTOTPSecret: key.Bytes()})
	begin := handler(&account.Enroller{CredentialChanger: changer, Sealer: accounttest.Unsealed{}, Issuer: "Sallyport"})
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
