package check

import (
	"fmt"
	"strings"

	"sallyport/tools/openapi"
)

// Examples holds every example of the description to the schema beside it, and returns what is wrong with each that does not fit.
func (c *Checker) Examples() (faults []error) {
	note := func(where string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", where, err))
		}
	}
	contents := func(where string, all openapi.Ordered[openapi.Content], place ...string) {
		for _, content := range all {
			for _, example := range content.Value.Examples {
				note(where+", example "+example.Name, c.of(example.Value.Value, append(place[:len(place):len(place)], "content", content.Name, "schema")...))
			}
		}
	}
	for _, route := range c.Document.Routes() {
		place := []string{"paths", route.Path, strings.ToLower(route.Method)}
		if route.RequestBody != nil {
			contents(route.String(), route.RequestBody.Content, append(place[:3:3], "requestBody")...)
		}
		for _, response := range route.Responses {
			contents(route.String()+" "+response.Name, response.Value.Content, append(place[:3:3], "responses", response.Name)...)
		}
	}
	for _, response := range c.Document.Components.Responses {
		contents(response.Name, response.Value.Content, "components", "responses", response.Name)
	}
	for _, parameter := range c.Document.Components.Parameters {
		note(parameter.Name, c.example(parameter.Value.Example, "components", "parameters", parameter.Name, "schema"))
	}
	for _, header := range c.Document.Components.Headers {
		note(header.Name, c.example(header.Value.Example, "components", "headers", header.Name, "schema"))
	}
	return faults
}

func (c *Checker) of(value openapi.Value, place ...string) error {
	plain, err := value.Plain()
	if err != nil {
		return err
	}
	return c.example(plain, place...)
}

func (c *Checker) example(value any, place ...string) error {
	value, err := plain(value)
	if err != nil {
		return err
	}
	return c.judge(value, place...)
}
