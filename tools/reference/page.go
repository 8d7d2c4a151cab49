package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sallyport/tools/openapi"
)

// writer collects the page, and the first error.
type writer struct {
	document *openapi.Document
	text     strings.Builder
	err      error
}

func (w *writer) line(format string, arguments ...any) {
	fmt.Fprintf(&w.text, format+"\n", arguments...)
}

// must keeps the first error and returns the value.
func must[T any](w *writer, value T, err error) T {
	if w.err == nil {
		w.err = err
	}
	return value
}

// render returns the whole page: what holds for all routes, a table of them, then each with its values and examples.
func render(document *openapi.Document) (string, error) {
	w := &writer{document: document}
	w.line("# The API")
	w.line("\n<!-- Made from openapi.yaml by `make docs`: change that, not this. -->")
	w.line("\n%s The same for programs is in [`docs/openapi.yaml`](openapi.yaml) (OpenAPI %s).", document.Info.Summary, document.OpenAPI)
	w.line("\n%s", strings.TrimSpace(document.Info.Description))
	w.line("\n## Routes\n")
	w.line("| call | who | what |\n|---|---|---|")
	for _, tag := range document.Tags {
		for _, route := range w.tagged(tag) {
			w.line("| [`%s`](#%s) | %s | %s |", route, anchor(route.String()), who(route), route.Summary)
		}
	}
	w.errors()
	for _, tag := range document.Tags {
		w.line("\n## %s\n\n%s", tag.Name, tag.Description)
		for _, route := range w.tagged(tag) {
			w.operation(route)
		}
	}
	w.values()
	return w.text.String(), w.err
}

func (w *writer) tagged(tag openapi.Tag) (routes []openapi.Route) {
	for _, route := range w.document.Routes() {
		if len(route.Tags) > 0 && route.Tags[0] == tag.Name {
			routes = append(routes, route)
		}
	}
	return routes
}

// anchor is what a git host makes of a heading.
func anchor(heading string) string {
	plain := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(plain, " ", "-")
}

// who says who may call a route.
func who(route openapi.Route) string {
	var all []string
	for _, access := range route.Access() {
		roles := strings.Join(access.Roles, ", ")
		switch access.Scheme {
		case "accessToken":
			if roles == "" {
				roles = "any role"
			}
			all = append(all, roles)
		case "apiToken":
			all = append(all, "API tokens too")
		default:
			all = append(all, "a client, by Basic")
		}
	}
	if len(all) == 0 {
		return "anybody"
	}
	return strings.Join(all, "; ")
}

// errors lists the types of problems with the statuses that they come with.
func (w *writer) errors() {
	w.line("\n## Errors\n")
	w.line("A body of `application/problem+json`, for example:\n")
	invalid, _ := w.document.Components.Responses.Get("InvalidRequest")
	content, _ := invalid.Content.Get(problem)
	w.example(content.Examples[0].Value.Value)
	w.line("\n| status | type: `urn:problem-type:sallyport:` and | header | when |\n|---|---|---|---|")
	byStatus := slices.SortedStableFunc(slices.Values(w.document.Components.Responses), func(a, b openapi.Member[openapi.Response]) int {
		_, of := problemOf(a.Value)
		_, with := problemOf(b.Value)
		return strings.Compare(fmt.Sprint(of), fmt.Sprint(with))
	})
	for _, response := range byStatus {
		kind, status := problemOf(response.Value)
		if kind == nil || !everywhere[response.Name] && !only(w.document, response) {
			continue
		}
		var headers []string
		for _, name := range []string{"WWW-Authenticate", "Retry-After"} {
			if _, ok := response.Value.Headers.Get(name); ok {
				headers = append(headers, "`"+name+"`")
			}
		}
		w.line("| %v | `%s` | %s | %s |", status, strings.TrimPrefix(fmt.Sprint(kind), typePrefix), strings.Join(headers, ", "), cell(response.Value.Description))
	}
}

// only reports whether no other response has the problem's type.
func only(document *openapi.Document, response openapi.Member[openapi.Response]) bool {
	kind, _ := problemOf(response.Value)
	for _, other := range document.Components.Responses {
		if of, _ := problemOf(other.Value); of == kind && other.Name != response.Name {
			return false
		}
	}
	return true
}

const (
	problem    = "application/problem+json"
	typePrefix = "urn:problem-type:sallyport:"
)

// problemOf returns the type and the status that a response's problem has, nil if it is none.
func problemOf(response openapi.Response) (kind, status any) {
	content, ok := response.Content.Get(problem)
	if !ok {
		return nil, nil
	}
	of, _ := content.Schema.Properties.Get("type")
	with, _ := content.Schema.Properties.Get("status")
	return of.Const, with.Const
}

// cell is a text in a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
