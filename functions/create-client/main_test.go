package main

import (
	"strings"
	"testing"
	"time"

	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/client"
	"sallyport/shared/client/clienttest"
	"sallyport/shared/token"
)

func TestAClientIsMadeInTheCallersName(t *testing.T) {
	store := &clienttest.Store{}
	event := apigwtest.Event[apigw.Request](t, "create-client")
	answer, err := handler(client.NewRegistry(store, time.Now))(t.Context(), event)
	got, ok := answer.Body.(response)
	if err != nil || !ok || answer.Status != 201 || got.Name != "Notes" || !strings.HasPrefix(got.ClientSecret, "spc_") || answer.Target != got.ClientID {
		t.Fatalf("%+v, %v", answer, err)
	}
	id, _ := token.ParseID(got.ClientID)
	stored, found, err := store.Client(t.Context(), id)
	if err != nil || !found || stored.MadeBy.String() != "0123456789abcdef0123456789abcdef" {
		t.Errorf("stored %+v, %v", stored, err)
	}
}

func TestAClientNeedsACaller(t *testing.T) {
	store := &clienttest.Store{}
	event := apigwtest.Event[apigw.Request](t, "create-client")
	event.RequestContext.Authorizer = nil
	if _, err := handler(client.NewRegistry(store, time.Now))(t.Context(), event); apperr.CodeOf(err) != apperr.Internal || store.Writes() != 0 {
		t.Errorf("%v, %d writes", err, store.Writes())
	}
}
