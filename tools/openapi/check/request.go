package check

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/tools/openapi"
)

// request holds what was asked for, and granted, to what the operation takes: a member or a parameter that the description does not
// have is one that was forgotten there.
func (c *Checker) request(route openapi.Route, a Answer) error {
	for name := range a.URL.Query() {
		if !slices.ContainsFunc(route.Parameters, func(parameter openapi.Parameter) bool {
			p, err := c.Document.Parameter(parameter)
			return err == nil && p.In == "query" && p.Name == name
		}) {
			return fmt.Errorf("the request has the parameter %s, which is not described", name)
		}
	}
	const mediaType = "application/json"
	if route.RequestBody == nil {
		return nil
	}
	if _, ok := route.RequestBody.Content.Get(mediaType); !ok { // a form may have more than is described
		return nil
	}
	body, err := decode(a.Sent)
	if err == nil {
		err = c.judge(body, "paths", route.Path, strings.ToLower(route.Method), "requestBody", "content", mediaType, "schema")
	}
	if err != nil {
		return fmt.Errorf("the request's body: %w", err)
	}
	return nil
}
