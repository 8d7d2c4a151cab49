package template

import "gopkg.in/yaml.v3"

// withGlobals returns the named properties of a resource, evaluated, with its section of Globals merged in: a mapping
// gains the entries that it lacks, a list follows the global one, and anything else replaces it. The other properties
// are not evaluated: what is not served need not make sense here.
// AWS SAM Developer Guide, "Globals section of the AWS SAM template", Overridable properties.
func (d *document) withGlobals(r *resource, section string, names ...string) (mapping, error) {
	properties, err := d.mapping(r.id, "Properties", r.properties)
	if err != nil {
		return mapping{}, err
	}
	globals, err := d.mapping("Globals", section, d.globals.get(section))
	if err != nil {
		return mapping{}, err
	}
	merged := mapping{node: properties.node}
	for _, name := range names {
		own, err := d.evaluate(r.id, properties.get(name), 0)
		if err != nil {
			return mapping{}, err
		}
		shared, err := d.evaluate("Globals", globals.get(name), 0)
		if err != nil {
			return mapping{}, err
		}
		if value := merge(shared, own); value != nil {
			merged.entries = append(merged.entries, entry{textNode(value, name), value})
		}
	}
	return merged, nil
}

func merge(shared, own *yaml.Node) *yaml.Node {
	switch {
	case isNull(own):
		return shared
	case shared == nil || shared.Kind != own.Kind:
		return own
	case own.Kind == yaml.SequenceNode:
		list := *own
		list.Content = append(append([]*yaml.Node{}, shared.Content...), own.Content...)
		return &list
	case own.Kind != yaml.MappingNode:
		return own
	}
	merged := *own
	merged.Content = append([]*yaml.Node{}, own.Content...)
	for i := 0; i+1 < len(shared.Content); i += 2 {
		key, value := shared.Content[i], shared.Content[i+1]
		if j := keyIndex(own, key.Value); j >= 0 {
			merged.Content[j+1] = merge(value, own.Content[j+1])
		} else {
			merged.Content = append(merged.Content, key, value)
		}
	}
	return &merged
}

func keyIndex(m *yaml.Node, key string) int {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return i
		}
	}
	return -1
}
