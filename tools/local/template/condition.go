package template

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// condition is one entry of the section Conditions, decided when it is first asked for.
type condition struct {
	expression     *yaml.Node
	decided, holds bool
	underWay       bool // it is being decided right now: meeting it again is a cycle
}

func (d *document) readConditions(sections mapping) error {
	section, err := d.mapping("", "Conditions", sections.get("Conditions"))
	if err != nil {
		return err
	}
	d.conditions = map[string]*condition{}
	for _, e := range section.entries {
		d.conditions[e.key.Value] = &condition{expression: e.value}
	}
	return nil
}

// holds decides a condition by name.
func (d *document) holds(id, name string, site *yaml.Node, depth int) (bool, error) {
	c := d.conditions[name]
	if c == nil {
		return false, d.fault(site, id, fmt.Sprintf("the condition %q is not declared", name), "declare it in Conditions, or correct the name")
	}
	if c.decided {
		return c.holds, nil
	}
	if c.underWay {
		return false, d.fault(site, id, fmt.Sprintf("the condition %q depends on itself", name), "break the cycle")
	}
	c.underWay = true
	holds, err := d.decide(id, c.expression, depth+1)
	c.underWay = false
	if err != nil {
		return false, err
	}
	c.decided, c.holds = true, holds
	return holds, nil
}

// decide evaluates a condition's expression. CloudFormation User Guide, "Condition functions".
func (d *document) decide(id string, n *yaml.Node, depth int) (bool, error) {
	if d.visited++; depth > maxDepth || d.visited > maxVisited {
		return false, d.fault(n, id, "a condition nests too deep", "simplify it")
	}
	if n.Kind == yaml.AliasNode {
		return d.decide(id, n.Alias, depth+1)
	}
	name, argument := intrinsic(n)
	if name == "" && n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "Condition" {
		name, argument = "Condition", n.Content[1]
	}
	switch name {
	case "Condition":
		other, err := d.text(id, "Condition", argument)
		if err != nil {
			return false, err
		}
		return d.holds(id, other, n, depth)
	case "Fn::Equals":
		return d.equal(id, argument, n, depth)
	case "Fn::Not", "Fn::And", "Fn::Or":
		return d.combine(id, name, argument, n, depth)
	}
	return false, d.fault(n, id, "a condition is not an expression that the local run knows", "use Fn::Equals, Fn::Not, Fn::And, Fn::Or or Condition")
}

func (d *document) equal(id string, argument, site *yaml.Node, depth int) (bool, error) {
	first, second, err := d.pair(id, "Fn::Equals", argument, site, depth)
	if err != nil {
		return false, err
	}
	a, err := d.operand(id, first)
	if err != nil {
		return false, err
	}
	b, err := d.operand(id, second)
	return a == b, err
}

// operand is a value as Fn::Equals sees it: a text, or a list joined with commas as it was given.
func (d *document) operand(id string, n *yaml.Node) (string, error) {
	if n.Kind == yaml.SequenceNode {
		list, err := d.texts(id, "a value of Fn::Equals", n)
		return strings.Join(list, ","), err
	}
	return d.text(id, "a value of Fn::Equals", n)
}

// combine is Fn::Not of one condition, Fn::And and Fn::Or of 2 to 10.
func (d *document) combine(id, name string, argument, site *yaml.Node, depth int) (bool, error) {
	low, high := 2, 10
	if name == "Fn::Not" {
		low, high = 1, 1
	}
	if argument.Kind != yaml.SequenceNode || len(argument.Content) < low || len(argument.Content) > high {
		return false, d.fault(site, id, fmt.Sprintf("%s does not have %d to %d conditions", name, low, high), "write them as a list")
	}
	all, some := true, false
	for _, item := range argument.Content {
		holds, err := d.decide(id, item, depth+1)
		if err != nil {
			return false, err
		}
		all, some = all && holds, some || holds
	}
	switch name {
	case "Fn::Not":
		return !all, nil
	case "Fn::And":
		return all, nil
	}
	return some, nil
}
