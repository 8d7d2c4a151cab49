package main

import (
	"errors"
	"testing"

	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/session"
)

func TestLogoutEndsTheCallersSessionAndAnswersNothing(t *testing.T) {
	event := apigwtest.Event[apigw.Request](t, "logout")
	caller, err := apigw.Caller(event)
	if err != nil {
		t.Fatal(err)
	}
	store := accounttest.NewStore()
	store.Add(session.Record{UserID: caller.UserID, TokenID: caller.TokenID, Username: caller.Username, Role: caller.Role})
	answer, err := handler(session.NewRevoker(store))(t.Context(), event)
	if err != nil || answer.Status != 204 || answer.Body != nil {
		t.Errorf("%+v, %v", answer, err)
	}
	if len(store.All()) != 0 {
		t.Error("the record is still there")
	}
	if _, err := handler(session.NewRevoker(store))(t.Context(), event); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

func TestLogoutDoesNotClaimWhatItCouldNotDo(t *testing.T) {
	store := accounttest.NewStore()
	store.Before("EndSession", faults.Always(errors.New("no answer")))
	answer, err := handler(session.NewRevoker(store))(t.Context(), apigwtest.Event[apigw.Request](t, "logout"))
	if apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
}
