package main

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func TestTheCallersSessionsAreListedAndTheCurrentOneIsMarked(t *testing.T) {
	event := apigwtest.Event[apigw.Request](t, "sessions")
	caller, err := apigw.Caller(event)
	if err != nil {
		t.Fatal(err)
	}
	store, other := accounttest.NewStore(), token.NewID()
	began := caller.IssuedAt
	store.PutAccount(account.Account{
		Username: caller.Username, UserID: caller.UserID, Status: account.Active, Role: caller.Role,
		Sessions: map[token.ID]account.SessionEntry{
			caller.TokenID: {SessionID: caller.SessionID, CreatedAt: began, ExpiresAt: began + 43_200, Device: "Büro", AddressFamily: "ipv6"},
			other:          {SessionID: "other", CreatedAt: began - 60, ExpiresAt: began + 43_140},
		},
	})
	store.Add(session.Record{UserID: caller.UserID, TokenID: caller.TokenID, ExpiresAt: caller.ExpiresAt, RenewedAt: (began + 5) * 1000})
	store.Add(session.Record{UserID: caller.UserID, TokenID: other, ExpiresAt: caller.ExpiresAt})
	list := handler(store, store, func() time.Time { return time.Unix(began+10, 0) })
	answer, err := list(t.Context(), event)
	want := response{Sessions: []listed{
		{SessionID: caller.SessionID, Device: "Büro", CreatedAt: began, RenewedAt: began + 5, ExpiresAt: began + 43_200, AddressFamily: "ipv6", Current: true},
		{SessionID: "other", CreatedAt: began - 60, RenewedAt: began - 60, ExpiresAt: began + 43_140},
	}}
	if err != nil || answer.Status != 200 || !reflect.DeepEqual(answer.Body, want) {
		t.Errorf("%+v, %v, want %+v", answer, err, want)
	}
	store.Before("RecordsOf", faults.Always(errors.New("no answer")))
	if answer, err := list(t.Context(), event); apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
}
