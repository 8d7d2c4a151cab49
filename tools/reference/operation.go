package main

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"sallyport/tools/openapi"
)

// everywhere are the refusals that every route has alike, which its own section only names.
var everywhere = map[string]bool{ //nolint:gochecknoglobals // a constant
	"InvalidRequest": true, "Unauthenticated": true, "Forbidden": true, "GatewayTooLarge": true, "RequestTooLarge": true,
	"UnsupportedMediaType": true, "TooManyRequests": true, "BadGateway": true, "ServiceUnavailable": true,
}

func (w *writer) operation(route openapi.Route) {
	w.line("\n### %s\n", route)
	w.line("**%s.** For %s.\n", route.Summary, who(route))
	w.line("%s", strings.TrimSpace(route.Description))
	w.parameters(route)
	w.body(route)
	for _, response := range route.Responses {
		if response.Name < "400" {
			w.success(response.Name, resolved(w, w.document.Response, response.Value))
		}
	}
	w.refusals(route)
}

// resolved returns what a reference leads to, and keeps the first error.
func resolved[T any](w *writer, resolve func(T) (T, error), value T) T {
	found, err := resolve(value)
	return must(w, found, err)
}

func (w *writer) parameters(route openapi.Route) {
	if len(route.Parameters) == 0 {
		return
	}
	w.line("\n| parameter | in | value | meaning |\n|---|---|---|---|")
	for _, parameter := range route.Parameters {
		p := resolved(w, w.document.Parameter, parameter)
		w.line("| `%s` | %s | %s | %s |", p.Name, p.In, w.value(p.Schema), cell(p.Description))
	}
}

func (w *writer) body(route openapi.Route) {
	if route.RequestBody == nil {
		return
	}
	for _, content := range route.RequestBody.Content {
		w.line("\nIt takes `%s`:\n", content.Name)
		w.members(content.Value.Schema)
		for _, example := range content.Value.Examples {
			w.line("\n%s:\n", example.Value.Summary)
			if content.Name == "application/json" {
				w.example(example.Value.Value)
			} else {
				w.form(example.Value.Value)
			}
		}
	}
}

func (w *writer) success(status string, response openapi.Response) {
	w.line("\n**%s**: %s", status, strings.TrimSpace(response.Description))
	for _, content := range response.Content {
		w.line("")
		w.members(content.Value.Schema)
		for _, example := range content.Value.Examples {
			w.line("\n%s:\n", example.Value.Summary)
			w.example(example.Value.Value)
		}
	}
}

// refusals names the refusals that every route has, and explains the route's own.
func (w *writer) refusals(route openapi.Route) {
	var common, own []string
	for _, response := range route.Responses {
		name := strings.TrimPrefix(response.Value.Ref, "#/components/responses/")
		switch {
		case response.Name < "400":
		case everywhere[name]:
			common = append(common, response.Name)
		default:
			described := resolved(w, w.document.Response, response.Value)
			own = append(own, fmt.Sprintf("- **%s**: %s", response.Name, cell(described.Description)))
		}
	}
	w.line("\nRefusals: [as everywhere](#errors) %s%s", strings.Join(common, ", "), map[bool]string{true: "; and", false: "."}[len(own) > 0])
	if len(own) > 0 {
		w.line("\n%s", strings.Join(own, "\n"))
	}
}

func (w *writer) example(value openapi.Value) {
	text, err := value.JSON()
	w.line("```json\n%s\n```", must(w, text, err))
}

func (w *writer) form(value openapi.Value) {
	plain, err := value.Plain()
	fields, _ := must(w, plain, err).(map[string]any)
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(fmt.Sprint(fields[name])))
	}
	w.line("```\n%s\n```", strings.Join(pairs, "&"))
}
