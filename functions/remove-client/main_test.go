package main

import (
	"testing"
	"time"

	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/client"
	"sallyport/shared/client/clienttest"
	"sallyport/shared/token"
)

func TestAClientIsRemovedOnce(t *testing.T) {
	store := &clienttest.Store{}
	remove := handler(client.NewRegistry(store, time.Now))
	event := apigwtest.Event[apigw.Request](t, "remove-client")
	id, _ := token.ParseID(event.PathParameters["client_id"])
	if err := store.AddClient(t.Context(), client.Client{ID: id, Name: "Notes"}); err != nil {
		t.Fatal(err)
	}
	answer, err := remove(t.Context(), event)
	if err != nil || answer.Status != 204 || answer.Target != id.String() {
		t.Errorf("%+v, %v", answer, err)
	}
	if _, found, _ := store.Client(t.Context(), id); found {
		t.Error("it is still there")
	}
	if _, err := remove(t.Context(), event); apperr.CodeOf(err) != apperr.NotFound {
		t.Errorf("again: %v", err)
	}
	event.PathParameters["client_id"] = "notes"
	if _, err := remove(t.Context(), event); apperr.CodeOf(err) != apperr.NotFound || apperr.From(err).Detail != client.NotFound {
		t.Errorf("what is no id: %v", err)
	}
}
