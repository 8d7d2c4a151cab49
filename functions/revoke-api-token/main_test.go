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

func TestAnAPITokenOfTheCallersIsRevokedAndAnyOtherIdIsNotFound(t *testing.T) {
	event := apigwtest.Event[apigw.Request](t, "revoke-api-token")
	caller, err := apigw.Caller(event)
	if err != nil {
		t.Fatal(err)
	}
	id, ok := token.ParseID(event.PathParameters["token_id"])
	if !ok {
		t.Fatal("the sample's id is none")
	}
	store := accounttest.NewStore()
	store.PutAccount(account.Account{
		Username: caller.Username, UserID: caller.UserID,
		Sessions:  map[token.ID]account.SessionEntry{caller.TokenID: {SessionID: caller.SessionID}},
		APITokens: map[token.ID]account.APITokenEntry{id: {Name: "nightly"}},
	})
	store.Add(session.Record{Kind: token.API, UserID: caller.UserID, TokenID: id})
	revoke := handler(store, store)

	store.Before("EndSession", faults.Always(errors.New("no answer")))
	if answer, err := revoke(t.Context(), event); apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("claimed: %+v, %v", answer, err)
	}
	store.Mend()
	answer, err := revoke(t.Context(), event)
	if err != nil || answer.Status != 204 || answer.Body != nil || answer.Target != id.String() || len(store.All()) != 0 {
		t.Errorf("%+v, %v, %d records", answer, err, len(store.All()))
	}
	for _, other := range []string{id.String(), caller.TokenID.String(), "", "x", "FFEEDDCCBBAA99887766554433221100"} { // a session's id is none of a token
		event.PathParameters["token_id"] = other
		if _, err := revoke(t.Context(), event); apperr.CodeOf(err) != apperr.NotFound {
			t.Errorf("%q: %v", other, err)
		}
	}
}
