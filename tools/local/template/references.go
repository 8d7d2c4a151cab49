package template

import (
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// checkReferences looks at what the whole template refers to, served here or not: a deployment refuses a name that nothing has.
// Which attributes a resource has is known of the types AWS::Serverless::Function and AWS::Serverless::Api only.
func (d *document) checkReferences() error {
	for _, section := range []string{"Rules", "Conditions", "Globals", "Resources", "Outputs"} {
		entries, err := d.mapping("", section, d.sections.get(section))
		if err != nil {
			return err
		}
		for _, e := range entries.entries {
			c := referenceCheck{document: d, id: e.key.Value, early: section == "Rules" || section == "Conditions"}
			if err := c.node(e.value, 0); err != nil {
				return err
			}
			if err := c.attributes(section, e.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// referenceCheck looks at one entry of a section. Early is what is decided before there are resources: it may name parameters only.
type referenceCheck struct {
	*document
	id    string
	early bool
}

func (c referenceCheck) node(n *yaml.Node, depth int) error {
	if c.visited++; depth > maxDepth || c.visited > maxVisited {
		return c.fault(n, c.id, "the template nests or repeats too much", "simplify it")
	}
	if n.Kind == yaml.AliasNode {
		return c.node(n.Alias, depth+1)
	}
	if err := c.call(n); err != nil {
		return err
	}
	for _, child := range n.Content {
		if err := c.node(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// call looks at the names that an intrinsic function is given. What it is given besides, node comes to by itself.
func (c referenceCheck) call(n *yaml.Node) error {
	name, argument := intrinsic(n)
	if c.early && name == "" && n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "Condition" {
		name, argument = "Condition", n.Content[1]
	}
	if name == "" {
		return nil
	}
	first := argument // the first argument, where there may be several
	if argument.Kind == yaml.SequenceNode && len(argument.Content) > 0 {
		first = argument.Content[0]
	}
	switch {
	case name == "Fn::Sub":
		return c.text(argument, n)
	case first.Kind != yaml.ScalarNode:
		return nil
	case name == "Ref":
		return c.reference(first.Value, n)
	case name == "Fn::GetAtt" && first == argument:
		return c.attribute(first.Value, n)
	case name == "Fn::GetAtt" && len(argument.Content) == 2 && argument.Content[1].Kind == yaml.ScalarNode:
		return c.attribute(first.Value+"."+argument.Content[1].Value, n)
	case name == "Fn::GetAtt":
		return c.resource(first.Value, n)
	case name == "Fn::If" || name == "Condition":
		return c.condition(first.Value, n)
	case name == "Fn::FindInMap":
		return c.table(first.Value, n)
	}
	return nil
}

// text looks at the variables of Fn::Sub's text.
func (c referenceCheck) text(argument, site *yaml.Node) error {
	text, own := argument, mapping{}
	if argument.Kind == yaml.SequenceNode && len(argument.Content) == 2 {
		var err error
		if own, err = c.mapping(c.id, "the variables of Fn::Sub", argument.Content[1]); err != nil {
			return err
		}
		text = argument.Content[0]
	}
	for _, match := range regexp.MustCompile(`\$\{([^!}][^}]*)\}`).FindAllStringSubmatch(text.Value, -1) {
		if own.get(match[1]) != nil {
			continue
		}
		look := c.reference
		if target, property, dotted := strings.Cut(match[1], "."); dotted && !c.isReferable(target, property) {
			look = c.attribute
		}
		if err := look(match[1], site); err != nil {
			return err
		}
	}
	return nil
}

// attributes looks at the attributes beside an entry's properties that name something: DependsOn of a resource, and Condition of an
// output. A resource's Condition has been decided before.
func (c referenceCheck) attributes(section string, n *yaml.Node) error {
	if section != "Resources" && section != "Outputs" {
		return nil
	}
	m, err := c.mapping(c.id, "the entry", n)
	if err != nil {
		return err
	}
	if condition := m.get("Condition"); condition != nil && section == "Outputs" {
		return c.condition(condition.Value, condition)
	}
	names := m.get("DependsOn")
	if names == nil || section == "Outputs" {
		return nil
	}
	list := names.Content
	if names.Kind == yaml.ScalarNode {
		list = []*yaml.Node{names}
	}
	for _, name := range list {
		if err := c.resource(name.Value, name); err != nil {
			return err
		}
	}
	return nil
}
