package main

import (
	"context"
	"errors"
	"testing"

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
	event = apigwtest.Event[apigw.Request](t, "remove-account")
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

// trail has nothing to forget.
type trail struct{}

func (trail) Forget(context.Context, string) (bool, error) { return true, nil }

func TestTheAccountIsGone(t *testing.T) {
	store, event := office(t)
	answer, err := handler(&account.Eraser{Store: store, Trail: trail{}})(t.Context(), event)
	if err != nil || answer.Status != 204 || answer.Body != nil || answer.Account.String() != event.PathParameters["user_id"] {
		t.Errorf("%+v, %v", answer, err)
	}
	if all := store.Snapshot(); len(all.Accounts) != 1 || len(all.Records) != 1 {
		t.Errorf("left are %+v", all)
	}
}

func TestWhatCouldNotBeDoneIsNotClaimed(t *testing.T) {
	store, event := office(t)
	store.Before("ChangeAccount", faults.Always(errors.New("no answer")))
	if answer, err := handler(&account.Eraser{Store: store, Trail: trail{}})(t.Context(), event); apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestAnIDOfNoFormIsLikeNobodys(t *testing.T) {
	store, event := office(t)
	event.PathParameters["user_id"] = "bob"
	if _, err := handler(&account.Eraser{Store: store, Trail: trail{}})(t.Context(), event); apperr.CodeOf(err) != apperr.NotFound {
		t.Error(err)
	}
}
