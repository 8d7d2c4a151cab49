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
	event = apigwtest.Event[apigw.Request](t, "account")
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

func TestAnAccountIsShownWithItsSessionsAndAPITokens(t *testing.T) {
	store, event := office(t)
	apiToken := token.NewID()
	store.EditAccount("bob", func(a *account.Account) {
		a.APITokens[apiToken] = account.APITokenEntry{Name: "nightly", CreatedAt: 19, ExpiresAt: 1_795_450_000}
	})
	answer, err := handler(account.NewDirectory(store), store, func() time.Time { return time.Unix(1_795_435_200, 0) })(t.Context(), event)
	got, ok := answer.Body.(response)
	if err != nil || !ok || answer.Status != 200 || got.UserID != event.PathParameters["user_id"] || got.Username != "bob" || got.Role != "CONSUMER" ||
		got.Status != "active" || got.CreatedAt != 17 || len(got.Sessions) != 1 || len(got.APITokens) != 1 {
		t.Fatalf("%+v, %v", answer, err)
	}
	if got.Sessions[0] != (sessionEntry{"session", "phone", 18, 18, 1_795_450_000, "ipv6"}) {
		t.Errorf("the session is %+v", got.Sessions[0])
	}
	if a := got.APITokens[0]; a.TokenID != apiToken.String() || a.Name != "nightly" || a.Routes != nil || a.CreatedAt != 19 || a.ExpiresAt != 1_795_450_000 {
		t.Errorf("the API token is %+v", a)
	}
}

func TestNothingIsShownThatCouldNotBeRead(t *testing.T) {
	store, event := office(t)
	store.Before("RecordsOf", faults.Always(errors.New("no answer")))
	if answer, err := handler(account.NewDirectory(store), store, func() time.Time { return time.Unix(1_795_435_200, 0) })(t.Context(), event); apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestAnIDOfNoFormIsLikeNobodys(t *testing.T) {
	store, event := office(t)
	event.PathParameters["user_id"] = "bob"
	if _, err := handler(account.NewDirectory(store), store, func() time.Time { return time.Unix(1_795_435_200, 0) })(t.Context(), event); apperr.CodeOf(err) != apperr.NotFound {
		t.Error(err)
	}
}
