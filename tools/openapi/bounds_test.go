package openapi_test

import (
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/password"
	"sallyport/shared/session"
	"sallyport/tools/openapi"
)

func TestTheBoundsAreThoseOfTheCode(t *testing.T) {
	d := read(t)
	schema := func(name string) openapi.Schema {
		t.Helper()
		s, ok := d.Components.Schemas.Get(name)
		if !ok {
			t.Fatalf("there is no schema %s", name)
		}
		return s
	}
	member := func(s openapi.Schema, name string) openapi.Schema {
		t.Helper()
		m, ok := s.Properties.Get(name)
		if !ok {
			t.Fatalf("there is no member %s", name)
		}
		return m
	}
	body := func(method, path string) openapi.Schema {
		t.Helper()
		route, ok := d.Route(method, path)
		if !ok {
			t.Fatalf("there is no %s %s", method, path)
		}
		return route.RequestBody.Content[0].Value.Schema
	}
	seconds := func(d time.Duration) int64 { return int64(d / time.Second) }
	invitation := member(body("POST", "/invitations"), "expires_in")
	apiToken, routes := member(body("POST", "/api-tokens"), "expires_in"), member(body("POST", "/api-tokens"), "routes")
	for what, row := range map[string]struct {
		low, high *int64
		want      [2]int64
	}{
		"a new username":              {wide(schema("NewUsername").MinLength), wide(schema("NewUsername").MaxLength), [2]int64{account.MinUsernameLength, account.MaxUsernameLength}},
		"a username":                  {wide(schema("CanonicalUsername").MinLength), wide(schema("CanonicalUsername").MaxLength), [2]int64{account.MinUsernameLength, account.MaxUsernameLength}},
		"a new password":              {wide(schema("NewPassword").MinLength), wide(schema("NewPassword").MaxLength), [2]int64{password.MinLength, password.MaxLength}},
		"the life of an invitation":   {invitation.Minimum, invitation.Maximum, [2]int64{seconds(account.MinInvitationLife), seconds(account.MaxInvitationLife)}},
		"the life of an API token":    {apiToken.Minimum, apiToken.Maximum, [2]int64{seconds(account.MinAPITokenLife), seconds(session.MaxAPITokenLife)}},
		"an API token's routes":       {wide(routes.MinItems), wide(routes.MaxItems), [2]int64{1, account.MaxAPITokenRoutes}},
		"a label":                     {wide(schema("Label").MinLength), wide(schema("Label").MaxLength), [2]int64{1, account.MaxLabelLength}},
		"the life of an access token": {member(schema("SignedIn"), "expires_in").Minimum, member(schema("SignedIn"), "expires_in").Maximum, [2]int64{1, seconds(session.MaxTokenLife)}},
	} {
		if row.low == nil || row.high == nil || [2]int64{*row.low, *row.high} != row.want {
			t.Errorf("%s: the description has %v to %v, the code %v", what, show(row.low), show(row.high), row.want)
		}
	}
	if invitation.Default != int(seconds(account.DefaultInvitationLife)) {
		t.Errorf("an invitation is good for %v seconds unless asked otherwise, want %v", invitation.Default, account.DefaultInvitationLife)
	}
	if apiToken.Default != int(seconds(account.DefaultAPITokenLife)) {
		t.Errorf("an API token is good for %v seconds unless asked otherwise, want %v", apiToken.Default, account.DefaultAPITokenLife)
	}
}

func wide(n *int) *int64 {
	if n == nil {
		return nil
	}
	w := int64(*n)
	return &w
}

func show(n *int64) any {
	if n == nil {
		return "nothing"
	}
	return *n
}
