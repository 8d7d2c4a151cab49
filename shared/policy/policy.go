// Package policy says which role may call which route. It is one table and one pure function; what the table does not name
// is refused.
package policy

import (
	"fmt"
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

// roles is a set, one bit a role.
type roles uint8

const (
	admin     roles = 1 << Admin
	developer roles = 1 << Developer
	consumer  roles = 1 << Consumer

	anyone = admin | developer | consumer
)

// rule says which roles may call a route.
type rule struct {
	route   Route
	allowed roles
}

// rules returns the table: every route that needs a token, once. A test holds it against template.yaml.
func rules() []rule {
	return []rule{
		{Route{Own, "POST", "/logout"}, anyone},
		{Route{Own, "GET", "/dashboard"}, anyone},
		{Route{Own, "GET", "/admin_resource"}, admin},
		{Route{Own, "POST", "/invitations"}, admin},
		{Route{Own, "GET", "/developer_resource"}, developer},
		{Route{Own, "GET", "/consumer_resource"}, consumer},
	}
}

// Routes returns every route that the table names, in its order.
func Routes() []Route {
	all := make([]Route, 0, len(rules()))
	for _, rule := range rules() {
		all = append(all, rule.route)
	}
	return all
}

// Allows reports whether role may call route: never one that the table does not name. Role routes are strict: ADMIN does not
// get into the others' routes.
func Allows(role Role, route Route) bool {
	for _, rule := range rules() {
		if rule.route == route {
			return rule.allowed&(1<<role) != 0
		}
	}
	return false
}
