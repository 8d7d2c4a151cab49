package openapi_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sallyport/tools/openapi"
)

const problem = "application/problem+json"

// answers returns the operation's responses, resolved, by status.
func answers(t *testing.T, d *openapi.Document, route openapi.Route) map[int]openapi.Response {
	t.Helper()
	all := map[int]openapi.Response{}
	for _, member := range route.Responses {
		status, err := strconv.Atoi(member.Name)
		if err != nil {
			t.Errorf("%s: %q is no status", route, member.Name)
			continue
		}
		response, err := d.Response(member.Value)
		if err != nil {
			t.Errorf("%s %d: %v", route, status, err)
		}
		all[status] = response
	}
	return all
}

func TestEveryOperationSaysWhatItIs(t *testing.T) {
	d := read(t)
	seen, used := map[string]string{}, map[string]bool{}
	for _, route := range d.Routes() {
		if !regexp.MustCompile(`^[a-z][A-Za-z]+$`).MatchString(route.ID) {
			t.Errorf("%s: the operationId %q is no name as getThings", route, route.ID)
		}
		if other, ok := seen[route.ID]; ok {
			t.Errorf("%s and %s have the same operationId", route, other)
		}
		seen[route.ID] = route.String()
		if route.Summary == "" || len(route.Summary) > 60 || strings.HasSuffix(route.Summary, ".") {
			t.Errorf("%s: the summary %q is no short line", route, route.Summary)
		}
		if !strings.HasSuffix(strings.TrimSpace(route.Description), ".") {
			t.Errorf("%s: the description is not made of sentences", route)
		}
		if route.Security == nil {
			t.Errorf("%s does not say who may call it: write security, [] for anybody", route)
		}
		if len(route.Tags) != 1 || !slices.ContainsFunc(d.Tags, func(tag openapi.Tag) bool { return tag.Name == route.Tags[0] }) {
			t.Errorf("%s: the tags %v are not one of those of the document", route, route.Tags)
			continue
		}
		used[route.Tags[0]] = true
	}
	for _, tag := range d.Tags {
		if !used[tag.Name] || tag.Description == "" {
			t.Errorf("the tag %s is used: %t, described as %q", tag.Name, used[tag.Name], tag.Description)
		}
	}
}

func TestEveryOperationHasTheAnswersThatItCanGive(t *testing.T) {
	d := read(t)
	for _, route := range d.Routes() {
		all := answers(t, d, route)
		want := []int{400, 403, 413, 429, 502, 503} // 403 of a firewall, if of nothing else
		if len(route.Security) > 0 {
			want = append(want, 401)
		}
		if route.RequestBody != nil {
			want = append(want, 415)
		}
		if strings.Contains(route.Path, "{") {
			want = append(want, 404)
		}
		for _, status := range want {
			if _, ok := all[status]; !ok {
				t.Errorf("%s: the answer %d is missing", route, status)
			}
		}
		successes := 0
		for status, response := range all {
			if status < 400 {
				successes++
			}
			checkAnswer(t, route, status, response)
		}
		if successes != 1 {
			t.Errorf("%s has %d answers for success, want one", route, successes)
		}
	}
}

func checkAnswer(t *testing.T, route openapi.Route, status int, response openapi.Response) {
	t.Helper()
	headers := []string{"Cache-Control", "X-Content-Type-Options", "Strict-Transport-Security"}
	switch status {
	case 401:
		if usesToken(route) {
			headers = append(headers, "WWW-Authenticate")
		}
	case 429, 503:
		headers = append(headers, "Retry-After")
	}
	_, ownForm := response.Content.Get(problem)
	if status >= 400 && !ownForm {
		if status == 413 && route.RequestBody == nil { // API Gateway's own, which cannot be changed
			return
		}
		t.Errorf("%s %d is no problem document", route, status)
	}
	for _, name := range headers {
		if _, ok := response.Headers.Get(name); !ok {
			t.Errorf("%s %d: the header %s is missing", route, status, name)
		}
	}
	if !strings.HasSuffix(strings.TrimSpace(response.Description), ".") {
		t.Errorf("%s %d: the description is not made of sentences", route, status)
	}
	for _, content := range response.Content {
		if len(content.Value.Examples) == 0 {
			t.Errorf("%s %d: there is no example", route, status)
		}
	}
	if (status == 204) != (len(response.Content) == 0) && status < 400 && route.Path != "/revoke" {
		t.Errorf("%s %d: has a body: %t", route, status, len(response.Content) > 0)
	}
}

func TestEveryRequestBodyIsClosedAndHasAnExample(t *testing.T) {
	d := read(t)
	for _, route := range d.Routes() {
		if route.RequestBody == nil {
			continue
		}
		if !route.RequestBody.Required {
			t.Errorf("%s: the body is not required", route)
		}
		for _, content := range route.RequestBody.Content {
			if len(content.Value.Examples) == 0 {
				t.Errorf("%s: the body has no example", route)
			}
			schema, err := d.Schema(content.Value.Schema)
			if err != nil {
				t.Errorf("%s: %v", route, err)
			}
			if content.Name == "application/json" && schema.AdditionalProperties != false {
				t.Errorf("%s: the body may have members that are not described: say additionalProperties: false", route)
			}
		}
	}
}

func TestEveryParameterIsOfItsPathOrOfTheQuery(t *testing.T) {
	d := read(t)
	for _, route := range d.Routes() {
		inPath := map[string]bool{}
		for _, match := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(route.Path, -1) {
			inPath[match[1]] = true
		}
		for _, parameter := range route.Parameters {
			p, err := d.Parameter(parameter)
			if err != nil {
				t.Errorf("%s: %v", route, err)
				continue
			}
			switch {
			case p.In == "path" && (!inPath[p.Name] || !p.Required):
				t.Errorf("%s: the parameter %s is not of the path, or not required", route, p.Name)
			case p.In == "path":
				delete(inPath, p.Name)
			case p.In != "query" || p.Required:
				t.Errorf("%s: the parameter %s is in %s, required: %t", route, p.Name, p.In, p.Required)
			}
			if p.Description == "" || p.Example == nil {
				t.Errorf("%s: the parameter %s has no description or no example", route, p.Name)
			}
		}
		for name := range inPath {
			t.Errorf("%s: the parameter %s is not described", route, name)
		}
	}
}

func TestEveryLinkLeadsToAnOperationThatTakesWhatItGives(t *testing.T) {
	d := read(t)
	byID := map[string]openapi.Route{}
	for _, route := range d.Routes() {
		byID[route.ID] = route
	}
	for _, route := range d.Routes() {
		for _, response := range route.Responses {
			for _, link := range response.Value.Links {
				target, ok := byID[link.Value.OperationID]
				if !ok || link.Value.Description == "" {
					t.Errorf("%s %s: the link %s leads to %q, described as %q", route, response.Name, link.Name, link.Value.OperationID, link.Value.Description)
					continue
				}
				for name := range link.Value.Parameters {
					if !takes(d, target, name) {
						t.Errorf("%s %s: the link %s gives the parameter %s, which %s does not take", route, response.Name, link.Name, name, target)
					}
				}
				for name := range link.Value.RequestBody {
					if !bodyHas(d, target, name) {
						t.Errorf("%s %s: the link %s gives the member %s, which the body of %s does not have", route, response.Name, link.Name, name, target)
					}
				}
			}
		}
	}
}

func takes(d *openapi.Document, route openapi.Route, name string) bool {
	return slices.ContainsFunc(route.Parameters, func(parameter openapi.Parameter) bool {
		p, err := d.Parameter(parameter)
		return err == nil && (p.Name == name || p.In+"."+p.Name == name)
	})
}

func bodyHas(d *openapi.Document, route openapi.Route, name string) bool {
	if route.RequestBody == nil {
		return false
	}
	schema, err := d.Schema(route.RequestBody.Content[0].Value.Schema)
	_, ok := schema.Properties.Get(name)
	return err == nil && ok
}
