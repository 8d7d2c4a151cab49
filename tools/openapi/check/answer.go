package check

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sallyport/tools/openapi"
)

// Answer is what a request was answered with.
type Answer struct {
	Method string
	URL    *url.URL
	Sent   []byte // the request's body

	Status int
	Header http.Header
	Body   []byte
}

// ErrNotDescribed means that the description knows the route, and no answer of it with this status.
var ErrNotDescribed = errors.New("the description has no such answer")

// unknownRoute is the answer to a request that no operation is for.
const unknownRoute = "NotFound"

// Answer holds an answer to the description: its status, headers and body are as one of its operation's responses says, and what was
// answered with success was asked for as the operation says. What is no route of the description has the gateway's 404. It returns
// the operation, the zero Route where none is meant.
func (c *Checker) Answer(a Answer) (openapi.Route, error) {
	path := a.URL.EscapedPath()
	route, ok := c.Document.Route(a.Method, path)
	if !ok {
		response, _ := c.Document.Components.Responses.Get(unknownRoute)
		if a.Status != http.StatusNotFound {
			return route, fmt.Errorf("%s %s is no route, and is answered with %d", a.Method, path, a.Status)
		}
		return route, c.response(a, response, "components", "responses", unknownRoute)
	}
	status := strconv.Itoa(a.Status)
	response, ok := route.Responses.Get(status)
	if !ok {
		return route, fmt.Errorf("%s, %d: %w", route, a.Status, ErrNotDescribed)
	}
	place := []string{"paths", route.Path, strings.ToLower(route.Method), "responses", status}
	if name, ok := strings.CutPrefix(response.Ref, "#/components/responses/"); ok {
		place = []string{"components", "responses", name}
	}
	response, err := c.Document.Response(response)
	if err == nil {
		err = c.response(a, response, place...)
	}
	if err == nil && a.Status < http.StatusBadRequest {
		err = c.request(route, a)
	}
	if err != nil {
		return route, fmt.Errorf("%s, %d: %w", route, a.Status, err)
	}
	return route, nil
}

// response holds an answer to the response at a place.
func (c *Checker) response(a Answer, response openapi.Response, place ...string) error {
	for _, header := range response.Headers {
		if err := c.header(a.Header, header, place...); err != nil {
			return err
		}
	}
	mediaType := a.Header.Get("Content-Type")
	if len(response.Content) == 0 {
		if len(a.Body) > 0 { // a Content-Type without a body is the gateway's doing
			return fmt.Errorf("a body of type %q where none is described", mediaType)
		}
		return nil
	}
	if _, ok := response.Content.Get(mediaType); !ok {
		return fmt.Errorf("Content-Type %q, described is %s", mediaType, strings.Join(response.Content.Names(), " or "))
	}
	body, err := decode(a.Body)
	if err != nil {
		return fmt.Errorf("the body: %w", err)
	}
	if err := c.judge(body, slices.Concat(place, []string{"content", mediaType, "schema"})...); err != nil {
		return fmt.Errorf("the body: %w", err)
	}
	return nil
}

// header holds one header of an answer, which is there once, to its description.
func (c *Checker) header(got http.Header, header openapi.Member[openapi.Header], place ...string) error {
	place = slices.Concat(place, []string{"headers", header.Name})
	if name, ok := strings.CutPrefix(header.Value.Ref, "#/components/headers/"); ok {
		place = []string{"components", "headers", name}
	}
	described, err := c.Document.Header(header.Value)
	if err != nil {
		return err
	}
	values := got.Values(header.Name)
	switch {
	case len(values) == 0 && !described.Required:
		return nil
	case len(values) != 1:
		return fmt.Errorf("%d headers %s, want one", len(values), header.Name)
	}
	var value any = values[0]
	schema, err := c.Document.Schema(described.Schema)
	if err != nil {
		return err
	}
	if schema.Type == "integer" {
		if value, err = decode([]byte(values[0])); err != nil {
			return fmt.Errorf("%s %q: %w", header.Name, values[0], err)
		}
	}
	if err := c.judge(value, append(place, "schema")...); err != nil {
		return fmt.Errorf("%s %q: %w", header.Name, values[0], err)
	}
	return nil
}
