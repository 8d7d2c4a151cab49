package main

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// asked answers the golden event with what is found of its token.
func asked(t *testing.T, record session.Record, failure error) (apigw.Answer, error) {
	t.Helper()
	authenticate := func(_ context.Context, id string, presented secret.Text, _ string) error {
		if id != "0123456789abcdef0123456789abcdef" || presented.Reveal() != "spc_ABCDEFGHIJKLMNOPQRSTUVWXYZ" {
			t.Errorf("the credentials are %s and %s", id, presented.Reveal())
		}
		return nil
	}
	identify := func(_ context.Context, presented secret.Text) (session.Record, error) {
		if _, err := token.Parse(presented.Reveal()); err != nil {
			t.Errorf("the token is %q", presented.Reveal())
		}
		return record, failure
	}
	return apigw.ForClients(authenticate, handler(identify))(t.Context(), apigwtest.Event[apigw.Request](t, "introspect"))
}

func body(t *testing.T, answer apigw.Answer) string {
	t.Helper()
	text, err := json.Marshal(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestALiveTokenIsDescribedByTheNamesOfTheRFC(t *testing.T) {
	record := session.Record{
		UserID: token.ID{1}, TokenID: token.ID{2}, SessionID: "00112233445566778899aabbccddeeff", Username: "sample.user", Role: policy.Developer,
		IssuedAt: 1_795_435_140, ExpiresAt: 1_795_438_740,
	}
	answer, err := asked(t, record, nil)
	const user = `"active":true,"token_type":"Bearer","sub":"01000000000000000000000000000000","username":"sample.user","iat":1795435140,"exp":1795438740,`
	want := `{` + user + `"kind":"session","role":"DEVELOPER","session_id":"00112233445566778899aabbccddeeff"}`
	if got := body(t, answer); err != nil || answer.Status != 200 || got != want || !answer.Unrecorded {
		t.Errorf("%d %s, %v", answer.Status, got, err)
	}
	record.Kind, record.SessionID = token.API, record.TokenID.String()
	record.Routes = []policy.Route{{API: "notes", Method: "GET", Resource: "/notes/{id}"}}
	answer, err = asked(t, record, nil)
	want = `{` + user + `"kind":"api-token","role":"DEVELOPER","token_id":"02000000000000000000000000000000","routes":[{"api":"notes","method":"GET","resource":"/notes/{id}"}]}`
	if got := body(t, answer); err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
}

func TestOfATokenThatIsNotLiveNothingIsSaid(t *testing.T) {
	for _, reason := range []apperr.Reason{session.ReasonMalformed, session.ReasonRevoked, session.ReasonExpired, session.ReasonReused} {
		failure := &apperr.Error{Code: apperr.Unauthenticated, Reason: reason, Alarm: reason == session.ReasonReused}
		answer, err := asked(t, session.Record{}, failure)
		if got := body(t, answer); err != nil || answer.Status != 200 || got != `{"active":false}` {
			t.Errorf("%s: %d %s, %v", reason, answer.Status, got, err)
		}
		// But the log is told, and the trail of what was stolen.
		if !errors.Is(answer.Note, failure) || answer.Unrecorded == failure.Alarm {
			t.Errorf("%s: noted %v, unrecorded %t", reason, answer.Note, answer.Unrecorded)
		}
	}
}

func TestADependencyThatIsDownIsNoVerdict(t *testing.T) {
	answer, err := asked(t, session.Record{}, apperr.Unavailable(errors.New("no answer")))
	if apperr.CodeOf(err) != apperr.ServiceUnavailable || answer.Body != nil {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestWithoutATokenThereIsNothingToAsk(t *testing.T) {
	for _, form := range []string{"", "token=", "token_type_hint=access_token"} {
		event := apigwtest.Event[apigw.Request](t, "introspect")
		event.Body = form
		ask := apigw.ForClients(func(context.Context, string, secret.Text, string) error { return nil }, handler(nil))
		if _, err := ask(t.Context(), event); apperr.CodeOf(err) != apperr.InvalidRequest || apperr.From(err).OAuth != "invalid_request" {
			t.Errorf("%q: %v", form, err)
		}
	}
}
