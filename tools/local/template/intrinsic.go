package template

import (
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// reference is Ref: a parameter's value, a pseudo parameter's, or a resource's physical id.
func (d *document) reference(id, target string, site *yaml.Node) (*yaml.Node, error) {
	switch target {
	case "AWS::NoValue":
		return nil, nil
	case "AWS::Region":
		return textNode(site, Region), nil
	case "AWS::AccountId":
		return textNode(site, AccountID), nil
	case "AWS::Partition":
		return textNode(site, Partition), nil
	case "AWS::StackName":
		return textNode(site, d.options.stackName()), nil
	case "AWS::URLSuffix":
		return textNode(site, URLSuffix), nil
	}
	if value, ok := d.parameters[target]; ok {
		if value.Kind == yaml.SequenceNode {
			list := *value
			list.Line = site.Line
			return &list, nil
		}
		return textNode(site, value.Value), nil
	}
	if target, property, ok := strings.Cut(target, "."); ok {
		return d.generated(id, target, property, site)
	}
	r, err := d.find(id, target, site)
	if err != nil {
		return nil, err
	}
	name, err := d.name(r)
	if err != nil {
		return nil, err
	}
	return textNode(site, name), nil
}

// find returns the resource that a reference names.
func (d *document) find(id, target string, site *yaml.Node) (*resource, error) {
	r := d.resources[target]
	if r == nil {
		return nil, d.fault(site, id, fmt.Sprintf("it refers to %q, which is neither a parameter nor a resource", target), "declare it, or correct the name")
	}
	if r.absent {
		return nil, d.fault(site, id, fmt.Sprintf("it refers to %s, which does not exist because its condition is false", target), "use Fn::If around the reference")
	}
	return r, nil
}

// name gives what Ref gives for a resource.
func (d *document) name(r *resource) (string, error) {
	property := map[string]string{typeTable: "TableName", typeAlias: "AliasName"}[r.kind]
	if property == "" {
		return d.physical(r), nil
	}
	properties, err := d.mapping(r.id, "Properties", r.properties)
	if err != nil {
		return "", err
	}
	if properties.get(property) == nil {
		return d.physical(r), nil
	}
	value, err := d.evaluate(r.id, properties.get(property), 0)
	if err != nil || value == nil {
		return d.physical(r), err
	}
	return d.text(r.id, property, value)
}

// attribute is Fn::GetAtt. The local run knows one attribute, the ARN of what it serves.
func (d *document) attribute(id string, argument, site *yaml.Node) (*yaml.Node, error) {
	var target, attribute string
	switch argument.Kind {
	case yaml.ScalarNode:
		target, attribute, _ = strings.Cut(argument.Value, ".")
	case yaml.SequenceNode:
		parts, err := d.texts(id, "Fn::GetAtt", argument)
		if err != nil {
			return nil, err
		}
		if len(parts) == 2 {
			target, attribute = parts[0], parts[1]
		}
	}
	if target == "" || attribute == "" {
		return nil, d.fault(site, id, "Fn::GetAtt does not name a resource and an attribute", "write Resource.Attribute")
	}
	r, err := d.find(id, target, site)
	if err != nil {
		return nil, err
	}
	if attribute != "Arn" {
		return nil, d.fault(site, id, fmt.Sprintf("the attribute %s of %s is not known to the local run", attribute, target), "use Arn, or Ref")
	}
	arn, err := d.arn(r)
	if err != nil {
		return nil, err
	}
	if arn == "" {
		return nil, d.fault(site, id, fmt.Sprintf("%s has the type %s, which has no local stand-in", target, r.kind), "don't refer to it from what is served locally")
	}
	return textNode(site, arn), nil
}

// arn is empty for a type that is not served locally.
func (d *document) arn(r *resource) (string, error) {
	name, err := d.name(r)
	if err != nil {
		return "", err
	}
	switch r.kind {
	case typeFunction:
		return "arn:" + Partition + ":lambda:" + Region + ":" + AccountID + ":function:" + name, nil
	case typeTable:
		return "arn:" + Partition + ":dynamodb:" + Region + ":" + AccountID + ":table/" + name, nil
	case typeKey:
		return "arn:" + Partition + ":kms:" + Region + ":" + AccountID + ":key/" + name, nil
	}
	return "", nil
}

// choose is Fn::If. Only the branch that is taken is evaluated.
func (d *document) choose(id string, argument, site *yaml.Node, depth int) (*yaml.Node, error) {
	if argument.Kind != yaml.SequenceNode || len(argument.Content) != 3 {
		return nil, d.fault(site, id, "Fn::If does not have 3 arguments", "write a condition's name and two values")
	}
	name, err := d.text(id, "the condition of Fn::If", argument.Content[0])
	if err != nil {
		return nil, err
	}
	holds, err := d.holds(id, name, site, depth)
	if err != nil {
		return nil, err
	}
	if holds {
		return d.evaluate(id, argument.Content[1], depth+1)
	}
	return d.evaluate(id, argument.Content[2], depth+1)
}

func (d *document) join(id string, argument, site *yaml.Node, depth int) (*yaml.Node, error) {
	delimiter, list, err := d.pair(id, "Fn::Join", argument, site, depth)
	if err != nil {
		return nil, err
	}
	separator, err := d.text(id, "the delimiter of Fn::Join", delimiter)
	if err != nil {
		return nil, err
	}
	values, err := d.texts(id, "the values of Fn::Join", list)
	if err != nil {
		return nil, err
	}
	return textNode(site, strings.Join(values, separator)), nil
}

func (d *document) split(id string, argument, site *yaml.Node, depth int) (*yaml.Node, error) {
	delimiter, whole, err := d.pair(id, "Fn::Split", argument, site, depth)
	if err != nil {
		return nil, err
	}
	separator, err := d.text(id, "the delimiter of Fn::Split", delimiter)
	if err != nil {
		return nil, err
	}
	source, err := d.text(id, "the source of Fn::Split", whole)
	if err != nil {
		return nil, err
	}
	if separator == "" {
		return nil, d.fault(site, id, "the delimiter of Fn::Split is empty", "give one")
	}
	return listNode(site, strings.Split(source, separator)), nil
}

func (d *document) selectItem(id string, argument, site *yaml.Node, depth int) (*yaml.Node, error) {
	position, list, err := d.pair(id, "Fn::Select", argument, site, depth)
	if err != nil {
		return nil, err
	}
	text, err := d.text(id, "the index of Fn::Select", position)
	if err != nil {
		return nil, err
	}
	index, err := strconv.Atoi(text)
	if err != nil || list.Kind != yaml.SequenceNode || index < 0 || index >= len(list.Content) {
		return nil, d.fault(site, id, fmt.Sprintf("Fn::Select has no item %s to take", text), "give an index within the list, from 0")
	}
	return list.Content[index], nil
}
