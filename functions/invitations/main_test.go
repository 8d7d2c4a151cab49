package main

import (
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/policy"
)

func TestAnInvitationIsMadeInTheCallersNameAndStoredWithoutItsCode(t *testing.T) {
	store := accounttest.NewStore()
	now := time.Unix(1_795_435_200, 0)
	answer, err := handler(account.NewInviter(store, func() time.Time { return now }))(
		t.Context(), apigwtest.Event[apigw.Request](t, "invitations"))
	if err != nil {
		t.Fatal(err)
	}
	got, ok := answer.Body.(response)
	if !ok || answer.Status != 201 || got.Role != "DEVELOPER" || got.ExpiresAt != now.Unix()+86400 || len(got.Invitation) < 26 {
		t.Errorf("%+v", answer)
	}
	for hash, stored := range store.Snapshot().Invitations {
		if hash == got.Invitation || stored.MadeBy != "0123456789abcdef0123456789abcdef" || stored.Role != policy.Developer || stored.ExpiresAt != got.ExpiresAt {
			t.Errorf("stored %+v", stored)
		}
	}
	if len(store.Snapshot().Invitations) != 1 {
		t.Error("not one invitation is stored")
	}
}

func TestAnInvitationNeedsACaller(t *testing.T) {
	event := apigwtest.Event[apigw.Request](t, "invitations")
	event.RequestContext.Authorizer = nil
	store := accounttest.NewStore()
	if _, err := handler(account.NewInviter(store, time.Now))(t.Context(), event); apperr.CodeOf(err) != apperr.Internal {
		t.Errorf("%v", err)
	}
	if len(store.Snapshot().Invitations) != 0 {
		t.Error("an invitation is stored")
	}
}
