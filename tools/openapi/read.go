package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

// Read reads a description. The error names the line of what it does not know.
func Read(file string) (*Document, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the description: %w", err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(node.Content) != 1 {
		return nil, fmt.Errorf("%s: no document", file)
	}
	var document Document
	if err := strict(node.Content[0], &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &document, nil
}

// strict decodes a node and refuses members that the type does not have. The way through text is because yaml.Node's own Decode
// takes them all.
func strict(node *yaml.Node, into any) error {
	text, err := yaml.Marshal(node)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("the part from line %d: %w", node.Line, err)
	}
	return nil
}

// ErrReference means that a reference leads nowhere.
var ErrReference = errors.New("there is no such component")

// resolve returns the component that a reference such as #/components/headers/RetryAfter names.
func resolve[T any](ref, kind string, components Ordered[T]) (T, error) {
	name, ok := strings.CutPrefix(ref, "#/components/"+kind+"/")
	if ok {
		if value, found := components.Get(name); found {
			return value, nil
		}
	}
	return *new(T), fmt.Errorf("%s: %w", ref, ErrReference)
}

// Parameter returns what p refers to, or p itself.
func (d *Document) Parameter(p Parameter) (Parameter, error) {
	if p.Ref == "" {
		return p, nil
	}
	return resolve(p.Ref, "parameters", d.Components.Parameters)
}

// Response returns what r refers to, or r itself.
func (d *Document) Response(r Response) (Response, error) {
	if r.Ref == "" {
		return r, nil
	}
	return resolve(r.Ref, "responses", d.Components.Responses)
}

// Header returns what h refers to, or h itself.
func (d *Document) Header(h Header) (Header, error) {
	if h.Ref == "" {
		return h, nil
	}
	return resolve(h.Ref, "headers", d.Components.Headers)
}

// Schema returns what s refers to, or s itself. What stands beside the reference is for the reader of s.
func (d *Document) Schema(s Schema) (Schema, error) {
	if s.Ref == "" {
		return s, nil
	}
	return resolve(s.Ref, "schemas", d.Components.Schemas)
}
