package apigw_test

import (
	"context"
	"maps"
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
)

func TestACallerOfWhomAnythingIsMissingOrWrongIsNobody(t *testing.T) {
	response, _, err := authorize(t, authorizerEvent("Bearer x"),
		func(context.Context, secret.Text, policy.Route) (session.Identity, error) { return identity, nil })
	if err != nil {
		t.Fatal(err)
	}
	for key, wrong := range map[string]any{
		"user_id": "0123", "token_id": "0123", "role": "ROOT", "expires_at": "soon", "username": "", "session_id": "",
	} {
		for _, value := range []any{nil, 7.0, wrong} {
			req := event()
			req.RequestContext.Authorizer = maps.Clone(response.Context)
			req.RequestContext.Authorizer[key] = value
			if got, err := apigw.Caller(req); err == nil || apperr.CodeOf(err) != apperr.Internal || got != (session.Identity{}) {
				t.Errorf("%s = %v: %+v, %v", key, value, got, err)
			}
		}
	}
	if got, err := apigw.Caller(event()); err == nil {
		t.Errorf("without an authorizer: %+v", got)
	}
}
