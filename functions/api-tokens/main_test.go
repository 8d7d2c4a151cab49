package main

import (
	"reflect"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

func TestTheCallersLiveAPITokensAreListedWithoutTheirTexts(t *testing.T) {
	event := apigwtest.Event[apigw.Request](t, "api-tokens")
	caller, err := apigw.Caller(event)
	if err != nil {
		t.Fatal(err)
	}
	store, all, one, over := accounttest.NewStore(), token.NewID(), token.NewID(), token.NewID()
	store.PutAccount(account.Account{
		Username: caller.Username, UserID: caller.UserID,
		APITokens: map[token.ID]account.APITokenEntry{
			all:  {Name: "all", CreatedAt: 10, ExpiresAt: 1000},
			one:  {Name: "one", CreatedAt: 20, ExpiresAt: 1000, Routes: []policy.Route{{API: "notes", Method: "GET", Resource: "/notes/{id}"}}},
			over: {Name: "over", CreatedAt: 30, ExpiresAt: 100},
		},
	})
	list := handler(store, func() time.Time { return time.Unix(100, 0) })
	answer, err := list(t.Context(), event)
	want := response{APITokens: []listed{
		{TokenID: one.String(), Name: "one", CreatedAt: 20, ExpiresAt: 1000, Routes: []apigw.Route{{API: "notes", Method: "GET", Resource: "/notes/{id}"}}},
		{TokenID: all.String(), Name: "all", CreatedAt: 10, ExpiresAt: 1000},
	}}
	if err != nil || answer.Status != 200 || !reflect.DeepEqual(answer.Body, want) {
		t.Errorf("%+v, %v, want %+v", answer, err, want)
	}
	store.RemoveAccount(caller.Username)
	if _, err := list(t.Context(), event); apperr.CodeOf(err) != apperr.Unauthenticated {
		t.Errorf("without the account: %v", err)
	}
}
