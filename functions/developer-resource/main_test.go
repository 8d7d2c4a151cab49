package main

import (
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
)

func TestTheDeveloperResourceAnswersWhomTheAuthorizerLetInAndNobodyElse(t *testing.T) {
	event := apigwtest.Event[apigw.Request](t, "developer-resource")
	answer, err := handle(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := answer.Body.(response); !ok || answer.Status != 200 || got.Resource != "developer" || got.Username != "sample.user" {
		t.Errorf("%+v", answer)
	}
	event.RequestContext.Authorizer = nil
	if answer, err := handle(t.Context(), event); err == nil {
		t.Errorf("without an authorizer: %+v", answer)
	}
}
