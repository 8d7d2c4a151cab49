package template

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// Bounds on evaluation, so that no template (aliases that name themselves, or multiply) takes long. Both are far
// above what a template of 1 MB needs.
const (
	maxDepth   = 100
	maxVisited = 1 << 18
)

// evaluate returns n with every intrinsic function in it replaced by its value. The result is nil for AWS::NoValue.
// Nodes keep the line at which the template uses them.
func (d *document) evaluate(id string, n *yaml.Node, depth int) (*yaml.Node, error) {
	if d.visited++; depth > maxDepth || d.visited > maxVisited {
		return nil, d.fault(n, id, "the template nests or repeats too much", "simplify it")
	}
	if n == nil {
		return nil, nil
	}
	if name, argument := intrinsic(n); name != "" {
		return d.call(id, name, argument, n, depth+1)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return d.evaluate(id, n.Alias, depth+1)
	case yaml.SequenceNode:
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: n.Tag, Line: n.Line}
		for _, item := range n.Content {
			value, err := d.evaluate(id, item, depth+1)
			if err != nil {
				return nil, err
			}
			if value != nil {
				list.Content = append(list.Content, value)
			}
		}
		return list, nil
	case yaml.MappingNode:
		m, err := d.mapping(id, "a value", n)
		if err != nil {
			return nil, err
		}
		result := &yaml.Node{Kind: yaml.MappingNode, Tag: n.Tag, Line: n.Line}
		for _, e := range m.entries {
			value, err := d.evaluate(id, e.value, depth+1)
			if err != nil {
				return nil, err
			}
			if value != nil {
				result.Content = append(result.Content, e.key, value)
			}
		}
		return result, nil
	}
	return n, nil
}

// intrinsic recognises a call in its short form (!Ref x) or its long one (Ref: x), and returns its long name, which is
// empty if n is no call. CloudFormation User Guide, "Intrinsic function reference".
func intrinsic(n *yaml.Node) (name string, argument *yaml.Node) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		plain := *n
		plain.Tag = ""
		switch plain.Kind {
		case yaml.ScalarNode:
			plain.Tag = "!!str"
		case yaml.SequenceNode:
			plain.Tag = "!!seq"
		case yaml.MappingNode:
			plain.Tag = "!!map"
		}
		name = strings.TrimPrefix(n.Tag, "!")
		if name != "Ref" && name != "Condition" {
			name = "Fn::" + name
		}
		return name, &plain
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Kind == yaml.ScalarNode {
		if key := n.Content[0].Value; key == "Ref" || strings.HasPrefix(key, "Fn::") {
			return key, n.Content[1]
		}
	}
	return "", nil
}

// call evaluates one intrinsic function. site is where the template calls it.
func (d *document) call(id, name string, argument, site *yaml.Node, depth int) (*yaml.Node, error) {
	switch name {
	case "Ref":
		target, err := d.text(id, "Ref", argument)
		if err != nil {
			return nil, err
		}
		return d.reference(id, target, site)
	case "Fn::GetAtt":
		return d.attribute(id, argument, site)
	case "Fn::Sub":
		return d.substitute(id, argument, site, depth)
	case "Fn::If":
		return d.choose(id, argument, site, depth)
	case "Fn::Join":
		return d.join(id, argument, site, depth)
	case "Fn::Split":
		return d.split(id, argument, site, depth)
	case "Fn::Select":
		return d.selectItem(id, argument, site, depth)
	case "Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or", "Condition":
		return nil, d.fault(site, id, name+" is used as a value", "use it in the section Conditions, and Fn::If here")
	}
	return nil, d.fault(site, id, fmt.Sprintf("the intrinsic function %s is not known to the local run", name),
		"use Ref, Fn::Sub, Fn::GetAtt, Fn::If, Fn::Join, Fn::Select or Fn::Split")
}

// pair evaluates a call's argument as a list of exactly two items.
func (d *document) pair(id, name string, argument, site *yaml.Node, depth int) (first, second *yaml.Node, err error) {
	list, err := d.evaluate(id, argument, depth+1)
	if err != nil {
		return nil, nil, err
	}
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) != 2 {
		return nil, nil, d.fault(site, id, name+" does not have 2 arguments", "write them as a list")
	}
	return list.Content[0], list.Content[1], nil
}

func textNode(site *yaml.Node, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Line: site.Line}
}

func listNode(site *yaml.Node, values []string) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: site.Line}
	for _, value := range values {
		list.Content = append(list.Content, textNode(site, value))
	}
	return list
}
