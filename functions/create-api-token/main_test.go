package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/audit/audittest"
	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// world has the session that the golden event was called in.
func world(t *testing.T) (apigw.Handler, *session.Authorizer, apigw.Request) {
	t.Helper()
	event := apigwtest.Event[apigw.Request](t, "create-api-token")
	caller, err := apigw.Caller(event)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(caller.IssuedAt, 0).Add(time.Minute)
	clock := func() time.Time { return now }
	store := accounttest.NewStore()
	store.PutAccount(account.Account{
		Username: caller.Username, UserID: caller.UserID, Status: account.Active, Role: caller.Role,
		Sessions: map[token.ID]account.SessionEntry{caller.TokenID: {SessionID: caller.SessionID}},
	})
	store.Add(session.Record{UserID: caller.UserID, TokenID: caller.TokenID, ExpiresAt: caller.ExpiresAt})
	ring := envelope.NewRing(envelopetest.NewStore(), envelopetest.NewWrapper("test"), "test", clock, slog.New(slog.DiscardHandler))
	maker := account.APITokenMaker{Store: store, Issuer: session.NewIssuer(ring, clock, time.Hour), Now: clock}
	return handler(&maker), session.NewAuthorizer(ring, store, clock), event
}

func TestAnAPITokenIsAnsweredThatTheAuthorizerAllowsForItsRoute(t *testing.T) {
	create, authorizer, event := world(t)
	answer, err := create(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := answer.Body.(response)
	if !ok || answer.Status != 201 || !strings.HasPrefix(got.APIToken, "spk_") || got.Name != "nightly report" || got.ExpiresAt != 1_795_435_200+86_400 ||
		answer.Target != got.TokenID || len(got.Routes) != 1 || got.Routes[0] != (apigw.Route{API: "sallyport", Method: "GET", Resource: "/dashboard"}) {
		t.Errorf("%+v", answer)
	}
	ask := apigwtest.Event[apigw.AuthorizerRequest](t, "authorizer")
	ask.MultiValueHeaders["Authorization"] = []string{"Bearer " + got.APIToken}
	verdict, err := apigw.Authorize(slog.New(slog.DiscardHandler), authorizer.Authorize, &audittest.Trail{})(t.Context(), ask)
	if err != nil || verdict.Context["token_id"] != got.TokenID || verdict.Context["kind"] != "api-token" {
		t.Errorf("the authorizer says %+v, %v", verdict, err)
	}
}

func TestLeavingRoutesOutIsNotAnEmptyList(t *testing.T) {
	create, _, event := world(t)
	event.Body = `{"name":"all"}`
	answer, err := create(t.Context(), event)
	if got, ok := answer.Body.(response); err != nil || !ok || got.Routes != nil || got.ExpiresAt != 1_795_435_200+30*86_400 {
		t.Errorf("%+v, %v", answer, err)
	}
	for _, body := range []string{
		`{"name":"none","routes":[]}`, `{"name":"other","routes":[{"method":"GET","resource":"/dashboard","api":"other"}]}`,
		`{"name":"x","routes":[{"method":"GET"}]}`, `{"name":"x","routes":[{"method":"GET","resource":"/dashboard","role":"ADMIN"}]}`, `{"routes":[]}`,
	} {
		event.Body = body
		if _, err := create(t.Context(), event); apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("%s: %v", body, err)
		}
	}
	event.RequestContext.Authorizer["kind"] = "api-token"
	event.Body = `{"name":"all"}`
	if _, err := create(t.Context(), event); apperr.CodeOf(err) != apperr.Forbidden {
		t.Errorf("an API token makes another: %v", err)
	}
}
