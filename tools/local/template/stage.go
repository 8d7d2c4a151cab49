package template

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// stageVariables reads Variables. API Gateway API Reference, CreateStage, variables: names of letters, digits and
// underscores, values of those and of -._~:/?#&=, alone.
func (d *document) stageVariables(r *resource, n *yaml.Node) (map[string]string, error) {
	variables, err := d.dictionary(r.id, "Variables", n)
	if err != nil || len(variables) == 0 {
		return nil, err
	}
	name, value := regexp.MustCompile(`^\w+$`), regexp.MustCompile(`^[A-Za-z0-9._~:/?#&=,-]+$`)
	for _, key := range slices.Sorted(maps.Keys(variables)) {
		if !name.MatchString(key) || !value.MatchString(variables[key]) {
			return nil, d.fault(n, r.id, fmt.Sprintf("Variables has %q: %q, which is not a stage variable", key, variables[key]),
				"use letters, digits and underscores in the name, and those or -._~:/?#&=, in the value")
		}
	}
	return variables, nil
}

// binaryMediaTypes reads BinaryMediaTypes. AWS SAM Developer Guide, AWS::Serverless::Api, "BinaryMediaTypes": a slash
// may be written as ~1.
func (d *document) binaryMediaTypes(r *resource, n *yaml.Node) ([]string, error) {
	types, err := d.texts(r.id, "BinaryMediaTypes", n)
	if err != nil {
		return nil, err
	}
	valid := regexp.MustCompile(`^(\*/\*|[A-Za-z0-9][\w.+-]*/(\*|[A-Za-z0-9][\w.+-]*))$`)
	for i, name := range types {
		types[i] = strings.ReplaceAll(name, "~1", "/")
		if !valid.MatchString(types[i]) {
			return nil, d.fault(n.Content[i], r.id, fmt.Sprintf("BinaryMediaTypes has %q", name), "write a media type without parameters, as image~1png, image~1* or *~1*")
		}
	}
	return types, nil
}
