package policy_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sallyport/shared/policy"
	"sallyport/tools/contract"
)

func TestEachRoleMayCallItsRoutesAndNoOther(t *testing.T) {
	for _, row := range contract.Routes() {
		for _, role := range contract.Roles() {
			if got, want := policy.Allows(policy.Bearer{Role: policy.Role(role.Number)}, own(row.Method, row.Template())), row.Allows(role.Name); got != want {
				t.Errorf("%s calls %s %s: %t, want %t", role.Name, row.Method, row.Path, got, want)
			}
		}
	}
}

func TestAnAPITokenMayCallWhatItsRoleAndTheRuleAllowAndNoMore(t *testing.T) {
	for _, row := range contract.Routes() {
		route, other := own(row.Method, row.Template()), own("GET", "/other")
		for _, role := range contract.Roles() {
			bearer := policy.Bearer{Role: policy.Role(role.Number), APIToken: true}
			want := row.Allows(role.Name) && row.APITokens
			for name, got := range map[string]bool{
				"for all routes":               policy.Allows(bearer, route) == want,
				"for this route":               policy.Allows(policy.Bearer{Role: bearer.Role, APIToken: true, Only: []policy.Route{other, route}}, route) == want,
				"for another route":            !policy.Allows(policy.Bearer{Role: bearer.Role, APIToken: true, Only: []policy.Route{other}}, route),
				"for a route that is no route": !policy.Allows(policy.Bearer{Role: bearer.Role, APIToken: true, Only: []policy.Route{other}}, other),
			} {
				if !got {
					t.Errorf("%s's API token %s calls %s %s", role.Name, name, row.Method, row.Path)
				}
			}
		}
	}
}

func TestARouteReadsBackFromItsText(t *testing.T) {
	for _, row := range contract.Routes() {
		route := own(row.Method, row.Template())
		if got, ok := policy.ParseRoute(route.String()); !ok || got != route {
			t.Errorf("%q reads as %+v, %t", route, got, ok)
		}
	}
	for _, text := range []string{"", "GET /x", "a GET", "a GET /x y", " GET /x", "a  /x", "a GET ", "a\tGET /x"} {
		if route, ok := policy.ParseRoute(text); ok {
			t.Errorf("%q reads as %+v", text, route)
		}
	}
}

func own(method, resource string) policy.Route {
	return policy.Route{API: policy.Own, Method: method, Resource: resource}
}

// isRole reports whether the contract has a role of that number.
func isRole(number int) bool {
	return slices.ContainsFunc(contract.Roles(), func(role contract.Role) bool { return int(role.Number) == number })
}

func TestANumberThatIsNoRoleMayCallNothing(t *testing.T) {
	for role := range 256 {
		if isRole(role) {
			continue
		}
		for _, row := range contract.Routes() {
			if policy.Allows(policy.Bearer{Role: policy.Role(role)}, own(row.Method, row.Template())) {
				t.Errorf("role %d calls %s %s", role, row.Method, row.Path)
			}
		}
	}
}

func TestNoOtherSpellingOfARouteIsARoute(t *testing.T) {
	for _, row := range contract.Routes() {
		path := row.Template()
		for _, route := range []policy.Route{
			{Method: row.Method, Resource: path},
			{API: "another", Method: row.Method, Resource: path},
			{API: strings.ToUpper(policy.Own), Method: row.Method, Resource: path},
			own("", path),
			own(row.Method, ""),
			own(path, row.Method),
			own(strings.ToLower(row.Method), path),
			own("ANY", path),
			own("*", path),
			own(row.Method+" ", path),
			own(row.Method, "*"),
			own(row.Method, "/{proxy+}"),
			own(row.Method, path+"/"),
			own(row.Method, "/"+path),
			own(row.Method, "/prod"+path),
			own(row.Method, path+"/x"),
			own(row.Method, path+"?x=1"),
			own(row.Method, path[1:]),
			own(row.Method, strings.ToUpper(path)),
			own(row.Method, strings.Replace(path, "_", "%5F", 1)+"%20"),
			own(row.Method, path+"\x00"),
			own(row.Method, "/dashboard/.."+path),
		} {
			mustBeRefused(t, route)
		}
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"} {
			if route := own(method, path); !inContract(route) {
				mustBeRefused(t, route)
			}
		}
	}
	for _, public := range []string{"/register", "/login", "/verify-otp"} { // no token gets anywhere with these
		mustBeRefused(t, own("POST", public))
	}
	mustBeRefused(t, policy.Route{})
}

// inContract reports whether the contract has such a route.
func inContract(route policy.Route) bool {
	return slices.ContainsFunc(contract.Routes(), func(row contract.Route) bool { return own(row.Method, row.Template()) == route })
}

func mustBeRefused(t *testing.T, route policy.Route) {
	t.Helper()
	for _, role := range policy.Roles() {
		if policy.Allows(policy.Bearer{Role: role}, route) {
			t.Errorf("%s may call %q", role, route)
		}
	}
}

func TestWhatTheContractDoesNotNameIsRefused(t *testing.T) {
	named := map[policy.Route]bool{}
	for _, row := range contract.Routes() {
		named[own(row.Method, row.Template())] = true
	}
	rapid.Check(t, func(t *rapid.T) {
		route := own(rapid.StringMatching(`[A-Z]{0,7}`).Draw(t, "method"), rapid.String().Draw(t, "resource"))
		role := policy.Role(rapid.Uint8().Draw(t, "role"))
		if !named[route] && policy.Allows(policy.Bearer{Role: role}, route) {
			t.Fatalf("%s may call %q", role, route)
		}
	})
}

func TestRolesReadBackByTheirExactNamesOnly(t *testing.T) {
	for _, role := range contract.Roles() {
		if got := policy.Role(role.Number).String(); got != role.Name {
			t.Errorf("role %d is %s, want %s: the numbers are part of the token format", role.Number, got, role.Name)
		}
		if got, ok := policy.ParseRole(role.Name); !ok || got != policy.Role(role.Number) {
			t.Errorf("ParseRole(%q) = %d, %t", role.Name, got, ok)
		}
	}
	for _, name := range []string{"", "admin", "Admin", "ADMIN ", " ADMIN", "ADMINISTRATOR", "ADMIN,CONSUMER", "Role(1)", "Role(0)", "1", "ＡＤＭＩＮ", "ADMIN\x00"} {
		if role, ok := policy.ParseRole(name); ok || role != 0 {
			t.Errorf("ParseRole(%q) = %v, %t, want nothing", name, role, ok)
		}
	}
	for number := range 256 { // the seal of a record names its role by this text
		role := policy.Role(number)
		if _, ok := policy.ParseRole(role.String()); ok != isRole(number) {
			t.Errorf("role %d is called %s: does tools/contract know it?", number, role)
		}
		if slices.Contains(policy.Roles(), role) != isRole(number) {
			t.Errorf("Roles() = %v: it and tools/contract disagree about %d", policy.Roles(), number)
		}
	}
}
