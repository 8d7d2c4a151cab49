package openapi_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestEveryComponentIsUsedAndEveryReferenceLeadsToOne(t *testing.T) {
	text, err := os.ReadFile(description)
	if err != nil {
		t.Fatal(err)
	}
	d := read(t)
	components := map[string][]string{
		"parameters": d.Components.Parameters.Names(), "headers": d.Components.Headers.Names(),
		"responses": d.Components.Responses.Names(), "schemas": d.Components.Schemas.Names(),
	}
	used := map[string]bool{}
	for _, match := range regexp.MustCompile(`#/components/(\w+)/(\w+)`).FindAllStringSubmatch(string(text), -1) {
		used[match[1]+"/"+match[2]] = true
		if !slices.Contains(components[match[1]], match[2]) {
			t.Errorf("%s: there is no such component", match[0])
		}
	}
	used["responses/NotFound"] = true // also the answer where there is no operation
	for kind, names := range components {
		for _, name := range names {
			if !used[kind+"/"+name] {
				t.Errorf("nothing uses #/components/%s/%s", kind, name)
			}
		}
	}
	asked := map[string]bool{}
	for _, route := range d.Routes() {
		for _, access := range route.Access() {
			asked[access.Scheme] = true
			if _, ok := d.Components.SecuritySchemes.Get(access.Scheme); !ok {
				t.Errorf("%s asks for %s, which is no security scheme", route, access.Scheme)
			}
		}
	}
	for _, scheme := range d.Components.SecuritySchemes.Names() {
		if !asked[scheme] {
			t.Errorf("no operation asks for %s", scheme)
		}
	}
}

func TestEverySchemaAndEachOfItsMembersIsDescribed(t *testing.T) {
	d := read(t)
	for _, schema := range d.Components.Schemas {
		if schema.Value.Description == "" {
			t.Errorf("the schema %s has no description", schema.Name)
		}
		for _, member := range schema.Value.Properties {
			if member.Value.Ref == "" && member.Value.Description == "" {
				t.Errorf("the member %s of %s has no description", member.Name, schema.Name)
			}
		}
		if p := schema.Value.Pattern; p != "" && !strings.HasPrefix(p, "^") {
			t.Errorf("the pattern of %s is not held at its start: %s", schema.Name, p)
		}
	}
}

// gatewayOnly are the types of problems that no function gives.
var gatewayOnly = []string{"bad-gateway"}

// within are the codes that never leave the service under their own name.
var within = []string{"corrupt", "internal"}

func TestTheTypesOfProblemsAreTheCodesOfErrors(t *testing.T) {
	schema, ok := read(t).Components.Schemas.Get("Problem")
	if !ok {
		t.Fatal("there is no schema Problem")
	}
	described, ok := schema.Properties.Get("type")
	if !ok {
		t.Fatal("a Problem has no type")
	}
	var got []string
	for _, value := range described.Enum {
		got = append(got, strings.TrimPrefix(value.(string), "urn:problem-type:sallyport:"))
	}
	want := slices.Concat(codes(t), gatewayOnly)
	slices.Sort(got)
	slices.Sort(want)
	if want = slices.Compact(want); !slices.Equal(got, want) {
		t.Errorf("the description has the types\n%v, want those of shared/apperr and the gateway's\n%v", got, want)
	}
}

// codes returns the constants of type Code of shared/apperr.
func codes(t *testing.T) (all []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../shared/apperr/apperr.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" && len(spec.Values) == 1 {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(within, text) {
				all = append(all, text)
			}
		}
		return true
	})
	return append(all, "not-found")
}
