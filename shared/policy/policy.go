// Package policy says which role may call which route, and whether with an API token too. It is one table and one pure
// function; what the table does not name is refused.
package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what an account may be. The numbers are part of the token format (package token) and never change meaning.
type Role uint8

// The roles. Zero is no role.
const (
	Admin     Role = 1
	Developer Role = 2
	Consumer  Role = 3
)

// name is a role with its name on the wire.
type name struct {
	role Role
	text string
}

// names returns the table of roles.
func names() []name {
	return []name{
		{Admin, "ADMIN"},
		{Developer, "DEVELOPER"},
		{Consumer, "CONSUMER"},
	}
}

// String returns the role's name on the wire.
func (r Role) String() string {
	for _, known := range names() {
		if known.role == r {
			return known.text
		}
	}
	return fmt.Sprintf("Role(%d)", uint8(r))
}

// ParseRole reads a role's exact name.
func ParseRole(text string) (Role, bool) {
	for _, known := range names() {
		if known.text == text {
			return known.role, true
		}
	}
	return 0, false
}

// Roles returns all roles.
func Roles() []Role {
	all := make([]Role, 0, len(names()))
	for _, known := range names() {
		all = append(all, known.role)
	}
	return all
}

// RoleNames lists all roles for a person to choose from, as "A, B or C".
func RoleNames() string {
	texts := make([]string, 0, len(names()))
	for _, known := range names() {
		texts = append(texts, known.text)
	}
	last := len(texts) - 1
	return strings.Join(texts[:last], ", ") + " or " + texts[last]
}

// Route is a method of a resource of an API.
type Route struct {
	API      string // the name that the API gives itself: Own, or another for an API elsewhere that asks the same authorizer
	Method   string // upper case, as API Gateway gives it
	Resource string // the template of the path, for example /things/{id}; never a raw path, which has many spellings
}

// Own is what this stack's API calls itself (template.yaml, stage variable SallyportApi).
const Own = "sallyport"

// String returns the route as it is stored of an API token: API, method and resource, with spaces between. None of the three
// has a space.
func (r Route) String() string { return r.API + " " + r.Method + " " + r.Resource }

// ParseRoute reads what String returns.
func ParseRoute(text string) (Route, bool) {
	parts := strings.Split(text, " ")
	if len(parts) != 3 || slices.Contains(parts, "") {
		return Route{}, false
	}
	return Route{API: parts[0], Method: parts[1], Resource: parts[2]}, true
}

// callers is a set of who may call a route: one bit a role, and one for the API tokens of these roles.
type callers uint8

const (
	admin     callers = 1 << Admin
	developer callers = 1 << Developer
	consumer  callers = 1 << Consumer

	anyone = admin | developer | consumer

	// apiTokens, added to roles, opens a route to their API tokens. Whatever gives access, or decides who has it, stays without:
	// a leaked API token must not be able to make itself more than it is.
	apiTokens callers = 1 << 7
)

// rule says who may call a route.
type rule struct {
	route   Route
	allowed callers
}

// rules returns the table: every route that needs a token, once. A test holds it against template.yaml.
func rules() []rule {
	return []rule{
		{Route{Own, "POST", "/logout"}, anyone},
		{Route{Own, "GET", "/dashboard"}, anyone | apiTokens},
		{Route{Own, "GET", "/admin_resource"}, admin | apiTokens},
		{Route{Own, "POST", "/invitations"}, admin},
		{Route{Own, "GET", "/developer_resource"}, developer | apiTokens},
		{Route{Own, "GET", "/consumer_resource"}, consumer},

		// Sessions.
		{Route{Own, "POST", "/renew"}, anyone},
		{Route{Own, "GET", "/sessions"}, anyone},
		{Route{Own, "DELETE", "/sessions/{session_id}"}, anyone},
		{Route{Own, "DELETE", "/sessions"}, anyone},

		// Credentials.
		{Route{Own, "POST", "/password"}, anyone},
		{Route{Own, "POST", "/authenticator"}, anyone},
		{Route{Own, "POST", "/authenticator/confirm"}, anyone},
		{Route{Own, "POST", "/recovery-codes"}, anyone},

		// Administration.
		{Route{Own, "GET", "/invitations"}, admin | apiTokens},
		{Route{Own, "DELETE", "/invitations/{invitation_id}"}, admin},
		{Route{Own, "GET", "/accounts"}, admin | apiTokens},
		{Route{Own, "GET", "/accounts/{user_id}"}, admin | apiTokens},
		{Route{Own, "PATCH", "/accounts/{user_id}"}, admin},
		{Route{Own, "DELETE", "/accounts/{user_id}/sessions"}, admin},
		{Route{Own, "POST", "/accounts/{user_id}/reset-second-factor"}, admin},
		{Route{Own, "DELETE", "/accounts/{user_id}"}, admin},

		// API tokens.
		{Route{Own, "POST", "/api-tokens"}, admin | developer},
		{Route{Own, "GET", "/api-tokens"}, admin | developer},
		{Route{Own, "DELETE", "/api-tokens/{token_id}"}, admin | developer},

		// Standards.
		{Route{Own, "POST", "/clients"}, admin},
		{Route{Own, "GET", "/clients"}, admin},
		{Route{Own, "DELETE", "/clients/{client_id}"}, admin},

		// Audit.
		{Route{Own, "GET", "/audit-events"}, admin | apiTokens},
	}
}

// table is the rules, made once: they are asked on every request.
var table = rules() //nolint:gochecknoglobals // never assigned again

// Routes returns every route that the table names, in its order.
func Routes() []Route {
	all := make([]Route, 0, len(rules()))
	for _, rule := range rules() {
		all = append(all, rule.route)
	}
	return all
}

// Bearer is what decides which routes the bearer of a token may call.
type Bearer struct {
	Role     Role
	APIToken bool    // the token is an API token, not a session's
	Only     []Route // of an API token: it is good for these routes alone; empty: for all that its role's API tokens may call
}

// Allows reports whether bearer may call route: never one that the table does not name. Role routes are strict: ADMIN does not
// get into the others' routes.
func Allows(bearer Bearer, route Route) bool {
	for _, rule := range table {
		if rule.route == route {
			return rule.allowed&^apiTokens&(1<<bearer.Role) != 0 && (!bearer.APIToken || bearer.mayUse(rule))
		}
	}
	return false
}

func (b Bearer) mayUse(rule rule) bool {
	return rule.allowed&apiTokens != 0 && (len(b.Only) == 0 || slices.Contains(b.Only, rule.route))
}
