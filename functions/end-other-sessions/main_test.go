package main

import (
	"errors"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func TestAllSessionsEndButTheCallers(t *testing.T) {
	event := apigwtest.Event[apigw.Request](t, "end-other-sessions")
	caller, err := apigw.Caller(event)
	if err != nil {
		t.Fatal(err)
	}
	store, other := accounttest.NewStore(), token.NewID()
	store.PutAccount(account.Account{
		Username: caller.Username, UserID: caller.UserID,
		Sessions: map[token.ID]account.SessionEntry{caller.TokenID: {SessionID: caller.SessionID}, other: {SessionID: "other"}},
	})
	store.Add(session.Record{UserID: caller.UserID, TokenID: caller.TokenID})
	store.Add(session.Record{UserID: caller.UserID, TokenID: other})
	end := handler(store)

	store.Before("ChangeAccount", faults.Always(errors.New("no answer")))
	if answer, err := end(t.Context(), event); apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("claimed: %+v, %v", answer, err)
	}
	store.Mend()
	answer, err := end(t.Context(), event)
	if err != nil || answer.Status != 204 || answer.Body != nil {
		t.Errorf("%+v, %v", answer, err)
	}
	if left := store.All(); len(left) != 1 || left[0].TokenID != caller.TokenID {
		t.Errorf("left: %+v", left)
	}
}
