// Package contract says once more who may call what. Tests and the acceptance run hold the system against it, so it shares no
// code with what it is held against: a mistake in shared/policy is not made here too.
package contract

import (
	"cmp"
	"slices"
)

// Role is a role with the number that tokens carry for it (package token). A number is never given to another role.
type Role struct {
	Name   string
	Number uint8
}

// Roles returns all roles.
func Roles() []Role {
	return []Role{
		{"ADMIN", 1},
		{"DEVELOPER", 2},
		{"CONSUMER", 3},
	}
}

// RoleNames returns the names of all roles.
func RoleNames() []string {
	var all []string
	for _, role := range Roles() {
		all = append(all, role.Name)
	}
	return all
}

// Route is a route of the stack's own API that needs a token.
type Route struct {
	Method, Path string
	Resource     string   // the path as the template spells it, where that differs, as in /things/{id}
	Allowed      []string // the roles that may call it
	APITokens    bool     // whether an API token of such a role may too
	Status       int      // what it answers them when Path and Body are sent
	Body         any      // what to send it; nil for nothing
	Spends       bool     // the token that calls it is no good afterwards
}

// Template returns the path as the template spells it.
func (r Route) Template() string { return cmp.Or(r.Resource, r.Path) }

// Allows reports whether the role may call the route.
func (r Route) Allows(role string) bool { return slices.Contains(r.Allowed, role) }

// nobodys is an id that nothing has: a route that is asked for it answers 404 to whom it lets in.
const nobodys = "00000000000000000000000000000000"

// nobody is an id that nothing has.
const nobody = "00000000000000000000000000000000"

// Routes returns every route that needs a token.
func Routes() []Route {
	anyone := RoleNames()
	return []Route{
		{Method: "GET", Path: "/dashboard", Allowed: anyone, APITokens: true, Status: 200},
		{Method: "GET", Path: "/admin_resource", Allowed: []string{"ADMIN"}, APITokens: true, Status: 200},
		{Method: "GET", Path: "/developer_resource", Allowed: []string{"DEVELOPER"}, APITokens: true, Status: 200},
		{Method: "GET", Path: "/consumer_resource", Allowed: []string{"CONSUMER"}, Status: 200},
		{Method: "POST", Path: "/invitations", Allowed: []string{"ADMIN"}, Status: 201, Body: map[string]any{"role": "CONSUMER", "expires_in": 60}},
		{Method: "POST", Path: "/logout", Allowed: anyone, Status: 204, Spends: true},

		// Sessions.
		{Method: "POST", Path: "/renew", Allowed: anyone, Status: 200, Spends: true},
		{Method: "GET", Path: "/sessions", Allowed: anyone, Status: 200},
		{Method: "DELETE", Path: "/sessions/" + nobodys, Resource: "/sessions/{session_id}", Allowed: anyone, Status: 404},
		{Method: "DELETE", Path: "/sessions", Allowed: anyone, Status: 204},

		// Credentials. A body without a code is let in, and refused there.
		{Method: "POST", Path: "/password", Allowed: anyone, Status: 400, Body: map[string]any{}},
		{Method: "POST", Path: "/authenticator", Allowed: anyone, Status: 400, Body: map[string]any{}},
		{Method: "POST", Path: "/authenticator/confirm", Allowed: anyone, Status: 400, Body: map[string]any{}},
		{Method: "POST", Path: "/recovery-codes", Allowed: anyone, Status: 400, Body: map[string]any{}},

		// Administration. What is asked about an account or an invitation is asked about one that is not there.
		{Method: "GET", Path: "/invitations", Allowed: []string{"ADMIN"}, APITokens: true, Status: 200},
		{Method: "DELETE", Path: "/invitations/" + nobody + nobody, Resource: "/invitations/{invitation_id}", Allowed: []string{"ADMIN"}, Status: 404},
		{Method: "GET", Path: "/accounts", Allowed: []string{"ADMIN"}, APITokens: true, Status: 200},
		{Method: "GET", Path: "/accounts/" + nobody, Resource: "/accounts/{user_id}", Allowed: []string{"ADMIN"}, APITokens: true, Status: 404},
		{Method: "PATCH", Path: "/accounts/" + nobody, Resource: "/accounts/{user_id}", Allowed: []string{"ADMIN"}, Status: 404, Body: map[string]any{"status": "disabled"}},
		{Method: "DELETE", Path: "/accounts/" + nobody + "/sessions", Resource: "/accounts/{user_id}/sessions", Allowed: []string{"ADMIN"}, Status: 404},
		{Method: "POST", Path: "/accounts/" + nobody + "/reset-second-factor", Resource: "/accounts/{user_id}/reset-second-factor", Allowed: []string{"ADMIN"}, Status: 404},
		{Method: "DELETE", Path: "/accounts/" + nobody, Resource: "/accounts/{user_id}", Allowed: []string{"ADMIN"}, Status: 404},

		// API tokens.
		{Method: "POST", Path: "/api-tokens", Allowed: []string{"ADMIN", "DEVELOPER"}, Status: 201, Body: map[string]any{"name": "of the contract", "expires_in": 60}},
		{Method: "GET", Path: "/api-tokens", Allowed: []string{"ADMIN", "DEVELOPER"}, Status: 200},
		{Method: "DELETE", Path: "/api-tokens/" + nobodys, Resource: "/api-tokens/{token_id}", Allowed: []string{"ADMIN", "DEVELOPER"}, Status: 404},

		// Standards.
		{Method: "POST", Path: "/clients", Allowed: []string{"ADMIN"}, Status: 201, Body: map[string]any{"name": "Notes"}},
		{Method: "GET", Path: "/clients", Allowed: []string{"ADMIN"}, Status: 200},
		{Method: "DELETE", Path: "/clients/00000000000000000000000000000000", Resource: "/clients/{client_id}", Allowed: []string{"ADMIN"}, Status: 404},

		// Audit.
		{Method: "GET", Path: "/audit-events", Allowed: []string{"ADMIN"}, APITokens: true, Status: 200},
	}
}
