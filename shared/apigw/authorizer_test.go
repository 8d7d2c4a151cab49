package apigw_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
	"sallyport/shared/audit/audittest"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

const methodArn = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3/test/GET/admin_resource"

var identity = session.Identity{
	UserID: token.ID{1}, TokenID: token.ID{2}, SessionID: "s-3", Username: "zoë", Role: policy.Admin, IssuedAt: 1_799_996_400, ExpiresAt: 1_800_000_000,
}

func authorizerEvent(values ...string) apigw.AuthorizerRequest {
	return apigw.AuthorizerRequest{
		Type: "REQUEST", MethodArn: methodArn, Resource: "/admin_resource", Path: "/admin_resource", HTTPMethod: "GET",
		MultiValueHeaders: map[string][]string{"authorization": values},
		StageVariables:    map[string]string{"SallyportApi": "sallyport"},
	}
}

func authorize(t *testing.T, req apigw.AuthorizerRequest, judge apigw.Judge) (response apigw.AuthorizerResponse, log string, err error) {
	t.Helper()
	var out bytes.Buffer
	response, err = apigw.Authorize(logger(&out), judge, &audittest.Trail{})(t.Context(), req)
	return response, out.String(), err
}

func TestAllowingIsOneStatementAboutOneMethod(t *testing.T) {
	response, log, err := authorize(t, authorizerEvent("Bearer the-token"),
		func(_ context.Context, presented secret.Text, route policy.Route) (session.Identity, error) {
			if presented.Reveal() != "the-token" || route != (policy.Route{API: policy.Own, Method: "GET", Resource: "/admin_resource"}) {
				t.Errorf("judged %q on %v", presented.Reveal(), route)
			}
			return identity, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	statements := response.PolicyDocument.Statement
	if len(statements) != 1 || statements[0].Effect != "Allow" || !slices.Equal(statements[0].Resource, []string{methodArn}) ||
		!slices.Equal(statements[0].Action, []string{"execute-api:Invoke"}) {
		t.Errorf("policy %+v", statements)
	}
	want := map[string]any{
		"user_id": identity.UserID.String(), "token_id": identity.TokenID.String(), "session_id": "s-3",
		"username": "zoë", "role": "ADMIN", "kind": "session", "issued_at": "1799996400", "expires_at": "1800000000",
	}
	if !maps.Equal(response.Context, want) || response.PrincipalID != identity.UserID.String() {
		t.Errorf("context %v of %s", response.Context, response.PrincipalID)
	}
	if strings.Contains(log, "the-token") {
		t.Errorf("the log tells the token: %s", log)
	}
}

func TestDenyingIsOneStatementWithoutContext(t *testing.T) {
	response, _, err := authorize(t, authorizerEvent("Bearer x"),
		func(context.Context, secret.Text, policy.Route) (session.Identity, error) {
			return identity, apperr.New(apperr.Forbidden, "No.")
		})
	if err != nil || len(response.PolicyDocument.Statement) != 1 || response.PolicyDocument.Statement[0].Effect != "Deny" ||
		len(response.Context) != 0 {
		t.Errorf("%+v, %v", response, err)
	}
}

func TestOnlyARefusedTokenIsUnauthorizedAndEverythingElseIsAFailure(t *testing.T) {
	for name, c := range map[string]struct {
		failure error
		want    string
	}{
		"a refused token":       {apperr.New(apperr.Unauthenticated, ""), "Unauthorized"},
		"a dependency":          {apperr.Unavailable(errors.New("timeout")), "the request could not be judged"},
		"an unknown error":      {errors.New("Unauthorized"), "the request could not be judged"},
		"damaged data":          {apperr.Tampered("x", nil), "the request could not be judged"},
		"an unexpected refusal": {apperr.New(apperr.InvalidRequest, ""), "the request could not be judged"},
	} {
		response, _, err := authorize(t, authorizerEvent("Bearer x"),
			func(context.Context, secret.Text, policy.Route) (session.Identity, error) { return identity, c.failure })
		if err == nil || err.Error() != c.want || response.PrincipalID != "" || len(response.PolicyDocument.Statement) != 0 {
			t.Errorf("%s: %+v, %v", name, response, err)
		}
	}
	response, _, err := authorize(t, authorizerEvent("Bearer x"),
		func(context.Context, secret.Text, policy.Route) (session.Identity, error) { panic("at the door") })
	if err == nil || err.Error() == "Unauthorized" || response.PrincipalID != "" {
		t.Errorf("a panic: %+v, %v", response, err)
	}
}

func TestTheTokenComesInOneAuthorizationHeaderOfTheBearerScheme(t *testing.T) {
	judge := func(_ context.Context, presented secret.Text, _ policy.Route) (session.Identity, error) {
		if presented.Reveal() != "abc" {
			return session.Identity{}, apperr.New(apperr.Unauthenticated, "")
		}
		return identity, nil
	}
	for value, ok := range map[string]bool{
		"Bearer abc": true, "bearer abc": true, "BEARER abc": true,
		"Bearer  abc": false, "Bearer\tabc": false, " Bearer abc": false, "Bearer abc ": false, "Bearer abc, Bearer abc": false,
		"Basic abc": false, "abc": false, "Bearer": false, "Bearer ": false, "": false, "Bearerabc": false, "Token abc": false,
	} {
		if _, _, err := authorize(t, authorizerEvent(value), judge); (err == nil) != ok || err != nil && err.Error() != "Unauthorized" {
			t.Errorf("%q: %v", value, err)
		}
	}
	for name, req := range map[string]apigw.AuthorizerRequest{
		"no header":   {MethodArn: methodArn},
		"two headers": authorizerEvent("Bearer abc", "Bearer abc"),
		"two spellings of the name": {MethodArn: methodArn, MultiValueHeaders: map[string][]string{
			"Authorization": {"Bearer abc"}, "authorization": {"Bearer abc"},
		}},
		"in the query": {MethodArn: methodArn, QueryStringParameters: map[string]string{"access_token": "abc"}},
		"in a cookie":  {MethodArn: methodArn, MultiValueHeaders: map[string][]string{"Cookie": {"access_token=abc"}}},
	} {
		if _, _, err := authorize(t, req, judge); err == nil || err.Error() != "Unauthorized" {
			t.Errorf("%s: %v", name, err)
		}
	}
	single := apigw.AuthorizerRequest{MethodArn: methodArn, Headers: map[string]string{"AUTHORIZATION": "Bearer abc"}}
	if _, _, err := authorize(t, single, judge); err != nil {
		t.Errorf("an event without multi-value headers: %v", err)
	}
}

func TestACallerIsWhomTheAuthorizerLetIn(t *testing.T) {
	response, _, err := authorize(t, authorizerEvent("Bearer x"),
		func(context.Context, secret.Text, policy.Route) (session.Identity, error) { return identity, nil })
	if err != nil {
		t.Fatal(err)
	}
	req := event()
	req.RequestContext.Authorizer = response.Context
	if got, err := apigw.Caller(req); err != nil || got != identity {
		t.Errorf("Caller = %+v, %v", got, err)
	}
	for key := range response.Context {
		for _, broken := range []any{nil, "", 7.0, "\x00"} {
			if key == "username" || key == "session_id" {
				if broken == "\x00" {
					continue // any text may be a name
				}
			}
			req.RequestContext.Authorizer = maps.Clone(response.Context)
			req.RequestContext.Authorizer[key] = broken
			if _, err := apigw.Caller(req); apperr.CodeOf(err) != apperr.Internal {
				t.Errorf("%s = %v: %v", key, broken, err)
			}
		}
	}
	req.RequestContext.Authorizer = nil
	if _, err := apigw.Caller(req); apperr.CodeOf(err) != apperr.Internal {
		t.Errorf("a route without an authorizer: %v", err)
	}
}

func TestAPathPaddedBeyondAPolicyIsRefusedBeforeItIsJudged(t *testing.T) {
	req := authorizerEvent("Bearer abc")
	req.MethodArn = methodArn + strings.Repeat("/", 513)
	_, _, err := authorize(t, req, func(context.Context, secret.Text, policy.Route) (session.Identity, error) {
		t.Error("it was judged")
		return identity, nil
	})
	if err == nil || err.Error() != "Unauthorized" {
		t.Errorf("%v", err)
	}
}

func TestAnAPIIsJudgedByTheNameThatItGivesItself(t *testing.T) {
	for name, variables := range map[string]map[string]string{
		policy.Own: {"SallyportApi": "sallyport"}, "notes": {"SallyportApi": "notes"}, "": {"sallyportapi": "sallyport", "Other": "x"},
	} {
		req := authorizerEvent("Bearer x")
		req.StageVariables = variables
		judged := false
		if _, _, err := authorize(t, req, func(_ context.Context, _ secret.Text, route policy.Route) (session.Identity, error) {
			judged = true
			if route.API != name {
				t.Errorf("judged as a route of %q, want %q", route.API, name)
			}
			return identity, nil
		}); err != nil || !judged {
			t.Errorf("%q: judged %t, %v", name, judged, err)
		}
	}
}
