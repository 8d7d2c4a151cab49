package policy_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sallyport/shared/policy"
)

// The contract, written out again: who may call what.
var contract = []struct {
	method, resource           string
	admin, developer, consumer bool
}{
	{"POST", "/logout", true, true, true},
	{"GET", "/dashboard", true, true, true},
	{"GET", "/admin_resource", true, false, false},
	{"GET", "/developer_resource", false, true, false},
	{"GET", "/consumer_resource", false, false, true},
	{"POST", "/invitations", true, false, false},
}

func TestEachRoleMayCallItsRoutesAndNoOther(t *testing.T) {
	for _, row := range contract {
		for role, want := range map[policy.Role]bool{
			policy.Admin: row.admin, policy.Developer: row.developer, policy.Consumer: row.consumer,
		} {
			if got := policy.Allows(role, policy.Route{Method: row.method, Resource: row.resource}); got != want {
				t.Errorf("%s calls %s %s: %t, want %t", role, row.method, row.resource, got, want)
			}
		}
	}
}

func TestANumberThatIsNoRoleMayCallNothing(t *testing.T) {
	for role := range 256 {
		if role >= 1 && role <= 3 {
			continue
		}
		for _, row := range contract {
			if policy.Allows(policy.Role(role), policy.Route{Method: row.method, Resource: row.resource}) {
				t.Errorf("role %d calls %s %s", role, row.method, row.resource)
			}
		}
	}
}

func TestNoOtherSpellingOfARouteIsARoute(t *testing.T) {
	for _, row := range contract {
		for _, route := range []policy.Route{
			{Method: "", Resource: row.resource},
			{Method: row.method, Resource: ""},
			{Method: row.resource, Resource: row.method},
			{Method: strings.ToLower(row.method), Resource: row.resource},
			{Method: "ANY", Resource: row.resource},
			{Method: "*", Resource: row.resource},
			{Method: row.method + " ", Resource: row.resource},
			{Method: row.method, Resource: "*"},
			{Method: row.method, Resource: "/{proxy+}"},
			{Method: row.method, Resource: row.resource + "/"},
			{Method: row.method, Resource: "/" + row.resource},
			{Method: row.method, Resource: "/prod" + row.resource},
			{Method: row.method, Resource: row.resource + "/x"},
			{Method: row.method, Resource: row.resource + "?x=1"},
			{Method: row.method, Resource: row.resource[1:]},
			{Method: row.method, Resource: strings.ToUpper(row.resource)},
			{Method: row.method, Resource: strings.Replace(row.resource, "_", "%5F", 1) + "%20"},
			{Method: row.method, Resource: row.resource + "\x00"},
			{Method: row.method, Resource: "/dashboard/.." + row.resource},
		} {
			mustBeRefused(t, route)
		}
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"} {
			if method != row.method {
				mustBeRefused(t, policy.Route{Method: method, Resource: row.resource})
			}
		}
	}
	for _, public := range []string{"/register", "/login", "/verify-otp"} { // no token gets anywhere with these
		mustBeRefused(t, policy.Route{Method: "POST", Resource: public})
	}
	mustBeRefused(t, policy.Route{})
}

func mustBeRefused(t *testing.T, route policy.Route) {
	t.Helper()
	for _, role := range policy.Roles() {
		if policy.Allows(role, route) {
			t.Errorf("%s may call %q", role, route)
		}
	}
}

func TestWhatTheContractDoesNotNameIsRefused(t *testing.T) {
	named := map[policy.Route]bool{}
	for _, row := range contract {
		named[policy.Route{Method: row.method, Resource: row.resource}] = true
	}
	rapid.Check(t, func(t *rapid.T) {
		route := policy.Route{Method: rapid.StringMatching(`[A-Z]{0,7}`).Draw(t, "method"), Resource: rapid.String().Draw(t, "resource")}
		role := policy.Role(rapid.Uint8().Draw(t, "role"))
		if !named[route] && policy.Allows(role, route) {
			t.Fatalf("%s may call %q", role, route)
		}
	})
}

func TestRolesReadBackByTheirExactNamesOnly(t *testing.T) {
	for role, name := range map[policy.Role]string{1: "ADMIN", 2: "DEVELOPER", 3: "CONSUMER"} {
		if role.String() != name {
			t.Errorf("role %d is %s, want %s: the numbers are part of the token format", role, role, name)
		}
		if got, ok := policy.ParseRole(name); !ok || got != role {
			t.Errorf("ParseRole(%q) = %v, %t", name, got, ok)
		}
	}
	for _, name := range []string{"", "admin", "Admin", "ADMIN ", " ADMIN", "ADMINISTRATOR", "ADMIN,CONSUMER", "Role(1)", "Role(0)", "1", "ＡＤＭＩＮ", "ADMIN\x00"} {
		if role, ok := policy.ParseRole(name); ok || role != 0 {
			t.Errorf("ParseRole(%q) = %v, %t, want nothing", name, role, ok)
		}
	}
	for _, role := range []policy.Role{0, 4, 255} { // the seal of a record names its role by this text
		if _, ok := policy.ParseRole(role.String()); ok {
			t.Errorf("role %d has the name of a role, %s", uint8(role), role)
		}
	}
	if roles := policy.Roles(); len(roles) != 3 {
		t.Errorf("Roles() = %v", roles)
	}
}
