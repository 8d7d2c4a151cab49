package main

import (
	"errors"
	"testing"
	"time"

	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/audit"
	"sallyport/shared/audit/audittest"
)

const user, actor = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"

func TestEventsAreShownAsTheyAreTheNewestFirstAndByPage(t *testing.T) {
	trail, now := &audittest.Trail{}, time.Now()
	for i, event := range []audit.Event{
		{Action: "change_account", Outcome: audit.Refused, Reason: "oneself", Detail: "role=ADMIN", AccountID: user, ActorID: actor, SessionID: "s", TokenID: "t",
			Target: "x", Address: "192.0.2.1", RequestID: "r", InvocationID: "i"},
		{Action: "login", Outcome: audit.Throttled},
		{Action: "register", Outcome: audit.Succeeded, AccountID: user, ActorID: user},
	} {
		event.At = now.Add(time.Duration(i) * time.Minute)
		if err := trail.Record(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	req := apigwtest.Event[apigw.Request](t, "audit-events") // two a page
	answer, err := handler(trail)(t.Context(), req)
	first, ok := answer.Body.(response)
	if err != nil || !ok || answer.Status != 200 || len(first.Events) != 2 || first.NextCursor == "" || first.Events[0].Event != "register" ||
		first.Events[1].Event != "login" || first.Events[1].AccountID != "" {
		t.Fatalf("%+v, %v", answer, err)
	}
	req.QueryStringParameters = map[string]string{"cursor": first.NextCursor}
	req.MultiValueQueryStringParameters = map[string][]string{"cursor": {first.NextCursor}}
	answer, err = handler(trail)(t.Context(), req)
	second, ok := answer.Body.(response)
	if err != nil || !ok || len(second.Events) != 1 || second.NextCursor != "" {
		t.Fatalf("%+v, %v", answer, err)
	}
	want := event{
		EventID: second.Events[0].EventID, Event: "change_account", Outcome: "refused", Reason: "oneself", Detail: "role=ADMIN", At: now.Unix(), ActorID: actor,
		AccountID: user, SessionID: "s", TokenID: "t", Target: "x", SourceIP: "192.0.2.1", RequestID: "r", LambdaRequestID: "i",
	}
	if second.Events[0] != want || want.EventID == "" {
		t.Errorf("%+v, want %+v", second.Events[0], want)
	}
}

func TestAQueryIsReadStrictly(t *testing.T) {
	for name, test := range map[string]struct {
		in   map[string]string
		want audit.Query
	}{
		"nothing":    {nil, audit.Query{To: maxSecond, Limit: 50}},
		"an account": {map[string]string{"user_id": user}, audit.Query{AccountID: user, To: maxSecond, Limit: 50}},
		"no account": {map[string]string{"user_id": "-"}, audit.Query{AccountID: audit.Nobody, To: maxSecond, Limit: 50}},
		"an actor":   {map[string]string{"actor_id": actor}, audit.Query{ActorID: actor, To: maxSecond, Limit: 50}},
		"a time":     {map[string]string{"from": "0", "to": "1795600000", "limit": "100"}, audit.Query{To: 1795600000, Limit: 100}},
		"a page":     {map[string]string{"from": "7", "cursor": "c"}, audit.Query{From: 7, To: maxSecond, Limit: 50, Cursor: "c"}},
	} {
		if got, err := queryOf(apigw.Request{QueryStringParameters: test.in}); err != nil || got != test.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, test.want)
		}
	}
	for _, in := range []map[string]string{
		{"user_id": ""}, {"user_id": "x"}, {"user_id": user + "0"}, {"user_id": user, "actor_id": actor}, {"actor_id": ""}, {"actor_id": "-"}, {"actor_id": "x"},
		{"from": ""}, {"from": "-1"}, {"from": "+1"}, {"from": "01"}, {"from": "1.0"}, {"from": "253402300800"}, {"to": "x"}, {"to": "99999999999999999999"},
		{"limit": "0"}, {"cursor": ""}, {"account_id": user}, {"outcome": "refused"},
	} {
		if got, err := queryOf(apigw.Request{QueryStringParameters: in}); apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("%v: %+v, %v", in, got, err)
		}
	}
	if time.Unix(maxSecond, 0).UTC().Year() != 9999 {
		t.Errorf("the last second is of the year %d", time.Unix(maxSecond, 0).UTC().Year())
	}
}

func TestAStoreThatCannotAnswerIsNoEmptyPage(t *testing.T) {
	trail := &audittest.Trail{}
	trail.Fail(apperr.Unavailable(errors.New("no answer")))
	if answer, err := handler(trail)(t.Context(), apigwtest.Event[apigw.Request](t, "audit-events")); apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Status != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestWithoutAnAuthorizerNobodyReadsEvents(t *testing.T) {
	req := apigwtest.Event[apigw.Request](t, "audit-events")
	req.RequestContext.Authorizer = nil
	if answer, err := handler(&audittest.Trail{})(t.Context(), req); apperr.CodeOf(err) != apperr.Internal || answer.Body != nil {
		t.Errorf("%+v, %v", answer, err)
	}
}
