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

func TestASessionOfTheCallersEndsAndAnyOtherIdIsNotFound(t *testing.T) {
	event := apigwtest.Event[apigw.Request](t, "end-session")
	caller, err := apigw.Caller(event)
	if err != nil {
		t.Fatal(err)
	}
	store := accounttest.NewStore()
	store.PutAccount(account.Account{
		Username: caller.Username, UserID: caller.UserID,
		Sessions: map[token.ID]account.SessionEntry{caller.TokenID: {SessionID: event.PathParameters["session_id"]}},
	})
	store.Add(session.Record{UserID: caller.UserID, TokenID: caller.TokenID})
	end := handler(store, store)

	store.Before("EndSession", faults.Always(errors.New("no answer")))
	if answer, err := end(t.Context(), event); apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("claimed: %+v, %v", answer, err)
	}
	store.Mend()
	answer, err := end(t.Context(), event)
	if err != nil || answer.Status != 204 || answer.Body != nil || answer.Target != event.PathParameters["session_id"] || len(store.All()) != 0 {
		t.Errorf("%+v, %v, %d records", answer, err, len(store.All()))
	}
	for _, id := range []string{event.PathParameters["session_id"], "", "x", "FFEEDDCCBBAA99887766554433221100", "../sessions"} {
		event.PathParameters["session_id"] = id
		if _, err := end(t.Context(), event); apperr.CodeOf(err) != apperr.NotFound {
			t.Errorf("%q: %v", id, err)
		}
	}
}
