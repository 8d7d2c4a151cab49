package main

import (
	"errors"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// office has the caller of the golden event, an ADMIN who is signed in, and the account that the event is about.
func office(t *testing.T) (store *accounttest.Store, event apigw.Request) {
	t.Helper()
	event = apigwtest.Event[apigw.Request](t, "reset-second-factor")
	caller, err := apigw.Caller(event)
	if err != nil {
		t.Fatal(err)
	}
	store = accounttest.NewStore()
	store.Add(session.Record{UserID: caller.UserID, TokenID: caller.TokenID})
	store.PutAccount(account.Account{Username: caller.Username, UserID: caller.UserID, Role: policy.Admin, Status: account.Active})
	of, _ := token.ParseID(event.PathParameters["user_id"])
	id := token.NewID()
	store.Add(session.Record{UserID: of, TokenID: id, ExpiresAt: 1_795_440_000})
	store.PutAccount(account.Account{
		Username: "bob", UserID: of, Role: policy.Consumer, Status: account.Active, LastTOTPStep: 1, CreatedAt: 17,
		Sessions: map[token.ID]account.SessionEntry{id: {SessionID: "session", Device: "phone", CreatedAt: 18, ExpiresAt: 1_795_450_000, AddressFamily: "ipv6"}},
	})
	return store, event
}

func TestTheCodeIsInTheFragmentOfTheLinkIfThereIsAPage(t *testing.T) {
	for page, prefix := range map[string]string{"": "", "https://example.com/enrol": "https://example.com/enrol#"} {
		store, event := office(t)
		answer, err := handler(&account.Resetter{Store: store, Sealer: accounttest.Unsealed{}, Now: time.Now}, page)(t.Context(), event)
		got, ok := answer.Body.(response)
		if err != nil || !ok || answer.Status != 201 || len(got.Enrolment) < 26 || got.ExpiresAt < time.Now().Unix()+86_000 || answer.Detail != "ended=1" {
			t.Fatalf("%+v, %v", answer, err)
		}
		if want := prefix + got.Enrolment; page != "" && got.EnrolmentURL != want || page == "" && got.EnrolmentURL != "" {
			t.Errorf("%q: %q", page, got.EnrolmentURL)
		}
	}
}

func TestWhatCouldNotBeDoneIsNotClaimed(t *testing.T) {
	store, event := office(t)
	store.Before("ChangeAccount", faults.Always(errors.New("no answer")))
	if answer, err := handler(&account.Resetter{Store: store, Sealer: accounttest.Unsealed{}, Now: time.Now}, "")(t.Context(), event); apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestAnIDOfNoFormIsLikeNobodys(t *testing.T) {
	store, event := office(t)
	event.PathParameters["user_id"] = "bob"
	if _, err := handler(&account.Resetter{Store: store, Sealer: accounttest.Unsealed{}, Now: time.Now}, "")(t.Context(), event); apperr.CodeOf(err) != apperr.NotFound {
		t.Error(err)
	}
}
