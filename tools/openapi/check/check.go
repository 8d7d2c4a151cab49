// Package check holds requests and answers of the API to its description: JSON Schema (draft 2020-12) as
// github.com/santhosh-tekuri/jsonschema judges it. For tests; nothing that is deployed links it.
package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"sallyport/tools/openapi"
)

// resource is what the compiler calls the description.
const resource = "urn:sallyport:openapi"

// Checker holds what it is shown to a description. Several goroutines may use it.
type Checker struct {
	Document *openapi.Document

	mu       sync.Mutex // of what follows: the compiler is for one goroutine at a time
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
}

// Read returns a Checker of the description in file. An answer may have no member that its schema does not name, though the
// description leaves that open: callers must bear a new member, but whoever adds one here must describe it.
func Read(file string) (*Checker, error) {
	document, err := openapi.Read(file)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the description: %w", err)
	}
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	closeObjects(tree)
	plain, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(plain)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(resource, value); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &Checker{Document: document, compiler: compiler, schemas: map[string]*jsonschema.Schema{}}, nil
}

// closeObjects says of each schema of an object that is silent about other members that it has none.
func closeObjects(tree any) {
	switch node := tree.(type) {
	case map[string]any:
		_, properties := node["properties"]
		_, says := node["additionalProperties"]
		if node["type"] == "object" && properties && !says {
			node["additionalProperties"] = false
		}
		for _, below := range node {
			closeObjects(below)
		}
	case []any:
		for _, below := range node {
			closeObjects(below)
		}
	}
}

// schema compiles the schema at a place of the description, given as the names that lead to it.
func (c *Checker) schema(place ...string) (*jsonschema.Schema, error) {
	pointer := "#"
	for _, name := range place {
		pointer += "/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.schemas[pointer]; ok {
		return known, nil
	}
	compiled, err := c.compiler.Compile(resource + pointer)
	if err != nil {
		return nil, fmt.Errorf("the schema at %s: %w", pointer, err)
	}
	c.schemas[pointer] = compiled
	return compiled, nil
}

// judge holds a value to the schema at a place.
func (c *Checker) judge(value any, place ...string) error {
	schema, err := c.schema(place...)
	if err != nil {
		return err
	}
	err = schema.Validate(value)
	if invalid, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		return errors.New(strings.Join(leaves(invalid), "; "))
	}
	return err
}

// leaves returns what is wrong in the end, without the path of schemas that leads there.
func leaves(e *jsonschema.ValidationError) (all []string) {
	if len(e.Causes) == 0 {
		text := e.Error()
		if _, after, ok := strings.Cut(text, "\n- "); ok {
			text = after
		}
		return []string{text}
	}
	for _, cause := range e.Causes {
		all = append(all, leaves(cause)...)
	}
	return all
}

// plain turns a value that was read from YAML into what JSON makes of it.
func plain(value any) (any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("as JSON: %w", err)
	}
	return decode(text)
}

func decode(text []byte) (any, error) {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	return value, nil
}
