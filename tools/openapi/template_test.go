package openapi_test

import (
	"slices"
	"strings"
	"testing"

	"sallyport/tools/contract"
	"sallyport/tools/local/template"
	"sallyport/tools/openapi"
)

const (
	description  = "../../docs/openapi.yaml"
	templateFile = "../../template.yaml"
)

func read(t *testing.T) *openapi.Document {
	t.Helper()
	document, err := openapi.Read(description)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func deployed(t *testing.T) []template.Route {
	t.Helper()
	stack, err := template.Load(templateFile, template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return stack.API.Routes
}

func TestTheDescriptionAndTheTemplateHaveTheSameRoutes(t *testing.T) {
	described := map[string]openapi.Route{}
	for _, route := range read(t).Routes() {
		described[route.String()] = route
	}
	for _, route := range deployed(t) {
		name := route.Method + " " + route.Resource
		description, ok := described[name]
		if !ok {
			t.Errorf("%s is in the template and not in docs/openapi.yaml: describe it", name)
			continue
		}
		delete(described, name)
		if byToken := usesToken(description); byToken != route.Authorized {
			t.Errorf("%s: docs/openapi.yaml asks for a token: %t, and the template: %t", name, byToken, route.Authorized)
		}
	}
	for name := range described {
		t.Errorf("docs/openapi.yaml has %s, which is no route of the template", name)
	}
}

// tokenSchemes are the security schemes that the authorizer decides about.
var tokenSchemes = []string{"accessToken", "apiToken"}

func usesToken(route openapi.Route) bool {
	return slices.ContainsFunc(route.Access(), func(a openapi.Access) bool { return slices.Contains(tokenSchemes, a.Scheme) })
}

func TestTheDescriptionNamesTheRolesOfTheContract(t *testing.T) {
	routes := map[string]openapi.Route{}
	for _, route := range read(t).Routes() {
		routes[route.String()] = route
	}
	for _, want := range contract.Routes() {
		name := want.Method + " " + want.Path
		route, ok := routes[name]
		if !ok {
			t.Errorf("%s is in tools/contract and not in docs/openapi.yaml", name)
			continue
		}
		for _, access := range route.Access() {
			roles := access.Roles
			if len(roles) == 0 {
				roles = contract.RoleNames()
			}
			slices.Sort(roles)
			allowed := slices.Sorted(slices.Values(want.Allowed))
			if access.Scheme == tokenSchemes[0] && !slices.Equal(roles, allowed) {
				t.Errorf("%s: docs/openapi.yaml lets in %s, tools/contract %s", name, strings.Join(roles, ", "), strings.Join(allowed, ", "))
			}
		}
	}
}
