package sam

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"
)

// declare adds variables to the functions of a template, by logical id, and has them run on this machine's processor. `sam local` gives a
// function only the variables that its template declares, and the deployed template declares neither endpoints nor credentials: those are
// for this machine alone.
func declare(template []byte, variables map[string]map[string]string) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(template, &document); err != nil {
		return nil, fmt.Errorf("read the template that sam build wrote: %w", err)
	}
	if len(document.Content) != 1 {
		return nil, errors.New("the template that sam build wrote is empty: run sam build again")
	}
	for _, id := range slices.Sorted(maps.Keys(variables)) {
		declared := document.Content[0]
		for _, name := range []string{"Resources", id, "Properties"} {
			if declared = member(declared, name, false); declared == nil {
				return nil, fmt.Errorf("the template that sam build wrote has no function %s: it is of another state of things, build again", id)
			}
		}
		*member(declared, "Architectures", true) = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{text(Architecture())}}
		for _, name := range []string{"Environment", "Variables"} {
			declared = member(declared, name, true)
		}
		for _, name := range slices.Sorted(maps.Keys(variables[id])) {
			*member(declared, name, true) = *text(variables[id][name])
		}
	}
	return yaml.Marshal(&document)
}

// member returns a mapping's value, made if asked for and absent.
func member(mapping *yaml.Node, name string, create bool) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	if !create {
		return nil
	}
	value := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	mapping.Content = append(mapping.Content, text(name), value)
	return value
}

func text(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}
