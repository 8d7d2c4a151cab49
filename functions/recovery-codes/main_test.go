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

func TestTheSampleIsAnsweredWithTenNewCodes(t *testing.T) {
	event, key := apigwtest.Event[apigw.Request](t, "recovery-codes"), otp.NewSecret()
	store, changer := fixture(t, event, account.Account{SealedTOTPSecret: key.Bytes(), RecoveryCodes: []string{"an old one"}})
	replace := handler(&changer)
	if _, err := replace(t.Context(), with(t, event, "ZZZZ-ZZZZ-ZZZZ-ZZZZ")); apperr.CodeOf(err) != apperr.InvalidRequest {
		t.Errorf("a recovery code: %v", err)
	}
	answer, err := replace(t.Context(), with(t, event, key.CodeAt(otp.StepAt(time.Now())).Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	got, ok := answer.Body.(response)
	if a := store.Snapshot().Accounts["sample.user"]; !ok || answer.Status != 200 || len(got.RecoveryCodes) != 10 || len(a.RecoveryCodes) != 10 {
		t.Errorf("status %d, %d codes, %d stored", answer.Status, len(got.RecoveryCodes), len(a.RecoveryCodes))
	}
}
