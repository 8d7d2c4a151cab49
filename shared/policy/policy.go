// Package policy says which role may call which route. It is one table and one pure function; what the table does not name
// is refused.
package policy

import "fmt"

// Role is what an account may be. The numbers are part of the token format (package token) and never change meaning.
type Role uint8

// The roles. Zero is no role.
const (
	Admin     Role = 1
	Developer Role = 2
	Consumer  Role = 3
)

// String returns the role's name on the wire.
func (r Role) String() string {
	switch r {
	case Admin:
		return "ADMIN"
	case Developer:
		return "DEVELOPER"
	case Consumer:
		return "CONSUMER"
	}
	return fmt.Sprintf("Role(%d)", uint8(r))
}

// ParseRole reads a role's exact name.
func ParseRole(name string) (Role, bool) {
	switch name {
	case "ADMIN":
		return Admin, true
	case "DEVELOPER":
		return Developer, true
	case "CONSUMER":
		return Consumer, true
	}
	return 0, false
}

// Roles returns all roles.
func Roles() []Role { return []Role{Admin, Developer, Consumer} }

// Route is an API Gateway resource template with a method, never a raw path: a path has many spellings.
type Route struct {
	Method   string // upper case, as API Gateway gives it
	Resource string // as in template.yaml, for example /dashboard
}

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
func rules() [6]rule {
	return [...]rule{
		{Route{"POST", "/logout"}, anyone},
		{Route{"GET", "/dashboard"}, anyone},
		{Route{"GET", "/admin_resource"}, admin},
		{Route{"POST", "/invitations"}, admin},
		{Route{"GET", "/developer_resource"}, developer},
		{Route{"GET", "/consumer_resource"}, consumer},
	}
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
