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

func TestClientsAreListedByPageWithoutTheirSecrets(t *testing.T) {
	registry := client.NewRegistry(&clienttest.Store{}, func() time.Time { return time.Unix(1_795_435_200, 0) })
	list := handler(registry)
	event := apigwtest.Event[apigw.Request](t, "clients")
	answer, err := list(t.Context(), event)
	if got, ok := answer.Body.(response); err != nil || !ok || got.Clients == nil || len(got.Clients) != 0 || got.NextCursor != "" {
		t.Errorf("without any: %+v, %v", answer, err)
	}
	for range 3 {
		if _, _, err := registry.Make(t.Context(), token.ID{7}, "Notes"); err != nil {
			t.Fatal(err)
		}
	}
	event.QueryStringParameters = map[string]string{"limit": "2"}
	first, err := list(t.Context(), event)
	got, ok := first.Body.(response)
	if err != nil || !ok || len(got.Clients) != 2 || got.NextCursor == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	want := entry{ClientID: got.Clients[0].ClientID, Name: "Notes", CreatedAt: 1_795_435_200, MadeBy: "07000000000000000000000000000000"}
	if got.Clients[0] != want {
		t.Errorf("%+v", got.Clients[0])
	}
	event.QueryStringParameters["cursor"] = got.NextCursor
	last, err := list(t.Context(), event)
	if got, ok := last.Body.(response); err != nil || !ok || len(got.Clients) != 1 || got.NextCursor != "" {
		t.Errorf("%+v, %v", last, err)
	}
}

func TestAQueryThatMeansNothingIsRefused(t *testing.T) {
	for name, query := range map[string]map[string]string{
		"no number": {"limit": "x"}, "none": {"limit": "0"}, "too many": {"limit": "101"}, "no cursor of ours": {"cursor": "x"}, "unknown": {"page": "1"},
	} {
		event := apigwtest.Event[apigw.Request](t, "clients")
		event.QueryStringParameters = query
		if _, err := handler(client.NewRegistry(&clienttest.Store{}, time.Now))(t.Context(), event); apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}
