package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/audit/audittest"
	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

func TestTheAuthorizerRefusesTheSampleTokenAndAllowsARealOneInItsPlace(t *testing.T) {
	event := apigwtest.Event[apigw.AuthorizerRequest](t, "authorizer")
	ring := envelope.NewRing(envelopetest.NewStore(), envelopetest.NewWrapper("test"), "test", time.Now, slog.New(slog.DiscardHandler))
	records := sessiontest.NewStore(func(session.Identity) {})
	log := &apigwtest.Log{}
	authorize := apigw.Authorize(slog.New(slog.NewJSONHandler(log, nil)), session.NewAuthorizer(ring, records, time.Now).Authorize, &audittest.Trail{})

	if answer, err := authorize(t.Context(), event); err == nil || err.Error() != "Unauthorized" {
		t.Errorf("the sample token: %+v, %v", answer, err)
	}

	minted, record, err := session.NewIssuer(ring, time.Now, time.Hour).Issue(t.Context(),
		session.Holder{UserID: token.NewID(), Username: "sample.user", Role: policy.Consumer})
	if err != nil {
		t.Fatal(err)
	}
	records.Add(record)
	event.MultiValueHeaders["Authorization"] = []string{"Bearer " + minted.Reveal()}
	answer, err := authorize(t.Context(), event)
	if err != nil || answer.PolicyDocument.Statement[0].Effect != "Allow" || answer.Context["username"] != "sample.user" {
		t.Errorf("a real token: %+v, %v", answer, err)
	}
	if strings.Contains(log.String(), "spt_") {
		t.Errorf("the log has a token: %s", log)
	}
}
