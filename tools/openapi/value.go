package openapi

import (
	"encoding/json"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// Value is any value, with the order of its members.
type Value struct{ node yaml.Node }

// UnmarshalYAML implements yaml.Unmarshaler.
func (v *Value) UnmarshalYAML(node *yaml.Node) error {
	v.node = *node
	return nil
}

// Plain returns the value as package encoding/json would decode it into any, numbers aside.
func (v Value) Plain() (any, error) {
	if v.node.IsZero() {
		return nil, nil
	}
	var plain any
	if err := v.node.Decode(&plain); err != nil {
		return nil, fmt.Errorf("line %d: %w", v.node.Line, err)
	}
	return plain, nil
}

// JSON returns the value as JSON, a line a member.
func (v Value) JSON() (string, error) {
	var text strings.Builder
	err := encode(&text, &v.node, "\n")
	return text.String(), err
}

// encode writes a node; newline begins each of its lines but the first.
func encode(text *strings.Builder, node *yaml.Node, newline string) error {
	switch node.Kind {
	case yaml.MappingNode:
		return encodeAll(text, node, newline, "{", "}", 2)
	case yaml.SequenceNode:
		return encodeAll(text, node, newline, "[", "]", 1)
	}
	var plain any
	if err := node.Decode(&plain); err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	var scalar strings.Builder
	encoder := json.NewEncoder(&scalar)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(plain); err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	text.WriteString(strings.TrimSuffix(scalar.String(), "\n"))
	return nil
}

// encodeAll writes a mapping, whose nodes are names and values in turn (of 2), or a list (of 1).
func encodeAll(text *strings.Builder, node *yaml.Node, newline, left, right string, of int) error {
	text.WriteString(left)
	for i := 0; i+of <= len(node.Content); i += of {
		if i > 0 {
			text.WriteString(",")
		}
		text.WriteString(newline + "  ")
		for j := range of {
			if j > 0 {
				text.WriteString(": ")
			}
			if err := encode(text, node.Content[i+j], newline+"  "); err != nil {
				return err
			}
		}
	}
	if len(node.Content) > 0 {
		text.WriteString(newline)
	}
	text.WriteString(right)
	return nil
}
