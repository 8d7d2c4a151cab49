package template

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// mapping is a YAML mapping whose keys are unique texts.
type mapping struct {
	node    *yaml.Node // nil for an absent mapping
	entries []entry
}

type entry struct{ key, value *yaml.Node }

// get returns a key's value, or nil.
func (m mapping) get(key string) *yaml.Node {
	for _, e := range m.entries {
		if e.key.Value == key {
			return e.value
		}
	}
	return nil
}

// mapping reads n, called what in errors. An absent or null node is an empty mapping.
func (d *document) mapping(id, what string, n *yaml.Node) (mapping, error) {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if isNull(n) {
		return mapping{}, nil
	}
	if n.Kind != yaml.MappingNode {
		return mapping{}, d.fault(n, id, what+" is not a mapping", "write it as keys with values")
	}
	m := mapping{node: n}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return mapping{}, d.fault(key, id, what+" has a key that is not plain text", "CloudFormation takes neither merge keys nor composite ones: write the keys out")
		}
		if m.get(key.Value) != nil {
			return mapping{}, d.fault(key, id, fmt.Sprintf("%s has %s twice", what, key.Value), "keep one of them")
		}
		m.entries = append(m.entries, entry{key, n.Content[i+1]})
	}
	return m, nil
}

// only refuses keys that are not listed.
func (d *document) only(id, what string, m mapping, known ...string) error {
	for _, e := range m.entries {
		if !slices.Contains(known, e.key.Value) {
			return d.fault(e.key, id, fmt.Sprintf("%s has %s, which the local run does not know", what, e.key.Value),
				"remove it, or teach tools/local what it means (known: "+strings.Join(known, ", ")+")")
		}
	}
	return nil
}

// text reads a scalar that is not null. Numbers and booleans are taken as they are written, as CloudFormation does.
func (d *document) text(id, what string, n *yaml.Node) (string, error) {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n != nil && n.Kind == yaml.SequenceNode {
		return "", d.fault(n, id, what+" is a list where one text is wanted", "use Fn::Join or Fn::Select")
	}
	if isNull(n) || n.Kind != yaml.ScalarNode {
		return "", d.fault(n, id, what+" is not a text", "give it one value")
	}
	return n.Value, nil
}

// required reads a text that the mapping m, called what and declared at site, must have.
func (d *document) required(id, what string, m mapping, key string, site *yaml.Node) (string, error) {
	if m.get(key) == nil {
		return "", d.fault(site, id, what+" has no "+key, "add one")
	}
	return d.text(id, what+"'s "+key, m.get(key))
}

// number reads a whole number from low to high.
func (d *document) number(id, what string, n *yaml.Node, low, high int) (int, error) {
	text, err := d.text(id, what, n)
	if err != nil {
		return 0, err
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < low || value > high {
		return 0, d.fault(n, id, fmt.Sprintf("%s is %q", what, text), fmt.Sprintf("give a whole number from %d to %d", low, high))
	}
	return value, nil
}

// boolean reads true or false.
func (d *document) boolean(id, what string, n *yaml.Node) (bool, error) {
	text, err := d.text(id, what, n)
	if err != nil {
		return false, err
	}
	if text != "true" && text != "false" {
		return false, d.fault(n, id, fmt.Sprintf("%s is %q", what, text), "write true or false")
	}
	return text == "true", nil
}

// texts reads a list of scalars.
func (d *document) texts(id, what string, n *yaml.Node) ([]string, error) {
	if isNull(n) {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, d.fault(n, id, what+" is not a list", "write it as a list")
	}
	list := make([]string, 0, len(n.Content))
	for _, item := range n.Content {
		text, err := d.text(id, "an item of "+what, item)
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}

// dictionary reads a mapping of texts to texts.
func (d *document) dictionary(id, what string, n *yaml.Node) (map[string]string, error) {
	m, err := d.mapping(id, what, n)
	if err != nil {
		return nil, err
	}
	texts := make(map[string]string, len(m.entries))
	for _, e := range m.entries {
		if texts[e.key.Value], err = d.text(id, what+"."+e.key.Value, e.value); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func isNull(n *yaml.Node) bool {
	return n == nil || (n.Kind == yaml.ScalarNode && n.Tag == "!!null")
}
