package openapi

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// Ordered is a mapping whose members keep the order in which the file has them: a reader is shown them in that order.
type Ordered[T any] []Member[T]

// Member is one of them.
type Member[T any] struct {
	Name  string
	Value T
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (o *Ordered[T]) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: not a mapping", node.Line)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Tag != "!!str" {
			return fmt.Errorf("line %d: the name %s is no string: put it in quotation marks", key.Line, key.Value)
		}
		if seen[key.Value] {
			return fmt.Errorf("line %d: %s is there twice", key.Line, key.Value)
		}
		seen[key.Value] = true
		member := Member[T]{Name: key.Value}
		if err := strict(value, &member.Value); err != nil {
			return fmt.Errorf("%s: %w", key.Value, err)
		}
		*o = append(*o, member)
	}
	return nil
}

// Get returns the member of a name, and false if there is none.
func (o Ordered[T]) Get(name string) (value T, ok bool) {
	for _, member := range o {
		if member.Name == name {
			return member.Value, true
		}
	}
	return value, false
}

// Names returns the names of all members in order.
func (o Ordered[T]) Names() []string {
	names := make([]string, 0, len(o))
	for _, member := range o {
		names = append(names, member.Name)
	}
	return names
}
