package main

import (
	"errors"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
)

func TestAnInvitationIsWithdrawnOnce(t *testing.T) {
	store, event := accounttest.NewStore(), apigwtest.Event[apigw.Request](t, "withdraw-invitation")
	id := event.PathParameters["invitation_id"]
	store.PutInvitation(account.Invitation{CodeHash: id, ExpiresAt: time.Now().Unix() + 60})
	withdraw := handler(account.NewInvitations(store, time.Now))
	store.Before("WithdrawInvitation", faults.Nth(1, errors.New("no answer")))
	if answer, err := withdraw(t.Context(), event); apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
	if answer, err := withdraw(t.Context(), event); err != nil || answer.Status != 204 || answer.Body != nil || answer.Target != id {
		t.Errorf("%+v, %v", answer, err)
	}
	calls := store.Calls("WithdrawInvitation")
	for _, id := range []string{id, "", "x", id + "00", "A" + id[1:]} {
		event.PathParameters["invitation_id"] = id
		if _, err := withdraw(t.Context(), event); apperr.CodeOf(err) != apperr.NotFound {
			t.Errorf("%q: %v", id, err)
		}
	}
	if store.Calls("WithdrawInvitation") != calls+1 {
		t.Error("the store is asked for what has not an id's form")
	}
}
