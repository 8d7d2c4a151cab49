package main

import (
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/policy"
)

func TestInvitationsAreListedThatAreGood(t *testing.T) {
	store := accounttest.NewStore()
	store.PutInvitation(account.Invitation{CodeHash: "good", Role: policy.Developer, MadeBy: "the operator", ExpiresAt: 1_795_435_201})
	store.PutInvitation(account.Invitation{CodeHash: "over", Role: policy.Developer, MadeBy: "the operator", ExpiresAt: 1_795_435_200})
	invitations := account.NewInvitations(store, func() time.Time { return time.Unix(1_795_435_200, 0) })
	answer, err := handler(invitations)(t.Context(), apigwtest.Event[apigw.Request](t, "list-invitations"))
	got, ok := answer.Body.(response)
	if err != nil || !ok || answer.Status != 200 || got.NextCursor != "" || len(got.Invitations) != 1 ||
		got.Invitations[0] != (listed{"good", "DEVELOPER", "the operator", 1_795_435_201}) {
		t.Errorf("%+v, %v", answer, err)
	}
}
