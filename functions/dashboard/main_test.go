package main

import (
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
)

func TestTheDashboardShowsWhomTheAuthorizerLetIn(t *testing.T) {
	answer, err := handle(t.Context(), apigwtest.Event[apigw.Request](t, "dashboard"))
	if err != nil {
		t.Fatal(err)
	}
	got, ok := answer.Body.(response)
	if !ok || answer.Status != 200 || got.Username != "sample.user" || len(got.UserID) != 32 || got.Role == "" || got.SessionID == "" || got.ExpiresAt == 0 {
		t.Errorf("%+v", answer)
	}
}

func TestTheDashboardLetsNobodyInWithoutAnAuthorizer(t *testing.T) {
	event := apigwtest.Event[apigw.Request](t, "dashboard")
	event.RequestContext.Authorizer = nil
	if answer, err := handle(t.Context(), event); err == nil {
		t.Errorf("%+v", answer)
	}
}
