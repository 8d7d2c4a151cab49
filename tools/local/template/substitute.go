package template

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// substitute is Fn::Sub, of a text or of a text and its own variables. ${Name} is a variable or a Ref, ${Name.Attribute}
// a Fn::GetAtt, and ${!Name} the literal ${Name}.
func (d *document) substitute(id string, argument, site *yaml.Node, depth int) (*yaml.Node, error) {
	source, variables := argument, mapping{}
	if argument.Kind == yaml.SequenceNode {
		if len(argument.Content) != 2 {
			return nil, d.fault(site, id, "Fn::Sub does not have 2 arguments", "write a text, or a list of a text and a mapping")
		}
		source = argument.Content[0]
		var err error
		if variables, err = d.mapping(id, "the variables of Fn::Sub", argument.Content[1]); err != nil {
			return nil, err
		}
	}
	text, err := d.text(id, "the text of Fn::Sub", source)
	if err != nil {
		return nil, err
	}
	var result strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		result.WriteString(before)
		if !found {
			return textNode(site, result.String()), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, d.fault(site, id, "Fn::Sub has a ${ without its }", "close it, or write ${!…} for a literal")
		}
		text = after
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			result.WriteString("${" + literal + "}")
			continue
		}
		value, err := d.variable(id, name, variables, site, depth)
		if err != nil {
			return nil, err
		}
		result.WriteString(value)
	}
}

// variable gives the text that ${name} stands for.
func (d *document) variable(id, name string, variables mapping, site *yaml.Node, depth int) (string, error) {
	var value *yaml.Node
	var err error
	if own := variables.get(name); own != nil {
		value, err = d.evaluate(id, own, depth+1)
	} else if target, property, ok := strings.Cut(name, "."); ok && (property == "Alias" || property == "Stage") {
		value, err = d.generated(id, target, property, site)
	} else if ok {
		value, err = d.attribute(id, textNode(site, name), site)
	} else {
		value, err = d.reference(id, name, site)
	}
	if err != nil {
		return "", err
	}
	return d.text(id, fmt.Sprintf("${%s}", name), value)
}
