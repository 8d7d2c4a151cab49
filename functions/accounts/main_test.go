package main

import (
	"maps"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

func TestAccountsAreListedAndFoundInPages(t *testing.T) {
	store := accounttest.NewStore()
	for _, name := range []string{"ada", "bob", "cyd", "dan"} {
		role := policy.Admin
		if name == "bob" {
			role = policy.Consumer
		}
		store.PutAccount(account.Account{Username: name, UserID: token.NewID(), Role: role, Status: account.Active, CreatedAt: 17})
	}
	event := apigwtest.Event[apigw.Request](t, "accounts") // two ADMINs a page
	list := handler(account.NewDirectory(store))
	ask := func(query map[string]string) response {
		t.Helper()
		event.QueryStringParameters, event.MultiValueQueryStringParameters = query, map[string][]string{}
		for name, value := range query {
			event.MultiValueQueryStringParameters[name] = []string{value}
		}
		answer, err := list(t.Context(), event)
		got, ok := answer.Body.(response)
		if err != nil || !ok || answer.Status != 200 || got.Accounts == nil {
			t.Fatalf("%+v, %v", answer, err)
		}
		return got
	}
	first := ask(event.QueryStringParameters)
	if len(first.Accounts) != 2 || first.NextCursor == "" {
		t.Fatalf("%+v", first)
	}
	rest := map[string]string{"limit": "2", "role": "ADMIN", "cursor": first.NextCursor}
	if got := ask(rest); len(got.Accounts) != 1 || got.NextCursor != "" || got.Accounts[0].Username == first.Accounts[0].Username {
		t.Errorf("%+v", got)
	}
	for query, want := range map[string]int{"BOB": 1, "nobody": 0, "not a name": 0, "": 0} {
		got := ask(map[string]string{"username": query})
		if len(got.Accounts) != want || want == 1 && got.Accounts[0] != (listed{store.Snapshot().Accounts["bob"].UserID.String(), "bob", "CONSUMER", "active", 17}) {
			t.Errorf("%q: %+v", query, got)
		}
	}
	if got := ask(map[string]string{"username": "bob", "role": "ADMIN"}); len(got.Accounts) != 0 {
		t.Errorf("bob is no ADMIN: %+v", got)
	}
	for name, query := range map[string]map[string]string{
		"unknown": {"name": "bob"}, "a role": {"role": "admin"}, "a status": {"status": "gone"}, "a limit": {"limit": "0"}, "a cursor": {"cursor": "x"},
		"another list's": {"cursor": first.NextCursor}, "a cursor for one": {"username": "bob", "cursor": first.NextCursor},
	} {
		event.QueryStringParameters, event.MultiValueQueryStringParameters = maps.Clone(query), nil
		if answer, err := list(t.Context(), event); apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("%s: %+v, %v", name, answer, err)
		}
	}
}
