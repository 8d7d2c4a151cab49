package openapi_test

import (
	"slices"
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

func TestTheDescriptionNamesTheCallersOfTheContract(t *testing.T) {
	routes := map[string]openapi.Route{}
	for _, route := range read(t).Routes() {
		routes[route.String()] = route
	}
	for _, want := range contract.Routes() {
		name := want.Method + " " + want.Template()
		route, ok := routes[name]
		if !ok {
			t.Errorf("%s is in tools/contract and not in docs/openapi.yaml", name)
			continue
		}
		callers := map[string][]string{tokenSchemes[0]: want.Allowed}
		if want.APITokens {
			callers[tokenSchemes[1]] = want.Allowed
		}
		for _, scheme := range tokenSchemes {
			if got, want := roles(route, scheme), sorted(callers[scheme]); !slices.Equal(got, want) {
				t.Errorf("%s with %s: docs/openapi.yaml lets in %v, tools/contract %v", name, scheme, got, want)
			}
		}
	}
}

func TestTheDescriptionHasTheRolesOfTheContract(t *testing.T) {
	schema, ok := read(t).Components.Schemas.Get("Role")
	if !ok {
		t.Fatal("there is no schema Role")
	}
	var described []string
	for _, value := range schema.Enum {
		described = append(described, value.(string))
	}
	if got, want := sorted(described), sorted(contract.RoleNames()); !slices.Equal(got, want) {
		t.Errorf("the description has the roles %v, tools/contract %v", got, want)
	}
}

// roles returns whom the route lets in with a scheme.
func roles(route openapi.Route, scheme string) []string {
	for _, access := range route.Access() {
		if access.Scheme == scheme && len(access.Roles) == 0 {
			return sorted(contract.RoleNames())
		}
		if access.Scheme == scheme {
			return sorted(access.Roles)
		}
	}
	return nil
}

func sorted(texts []string) []string { return slices.Sorted(slices.Values(texts)) }
