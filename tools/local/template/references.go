package template

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// checkReferences makes sure that every reference in resources and outputs names something that the template declares, in the
// parts too that the local run has no use for: CloudFormation refuses a template with one that doesn't.
func (d *document) checkReferences() error {
	for _, r := range d.order {
		if err := d.references(r.id, r.properties, 0); err != nil {
			return err
		}
	}
	for _, output := range d.outputs.entries {
		if err := d.references(output.key.Value, output.value, 0); err != nil {
			return err
		}
	}
	return nil
}

// references looks through a node. What is no reference, or a call that the local run doesn't know, is looked through too.
func (d *document) references(id string, n *yaml.Node, depth int) error {
	if d.visited++; depth > maxDepth || d.visited > maxVisited {
		return d.fault(n, id, "the template nests or repeats too much", "simplify it")
	}
	if n == nil {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return d.references(id, n.Alias, depth+1)
	}
	name, argument := intrinsic(n)
	switch {
	case name == "Ref" && argument.Kind == yaml.ScalarNode:
		return d.declared(id, argument.Value, n)
	case name == "Fn::GetAtt" && argument.Kind == yaml.ScalarNode:
		return d.declared(id, argument.Value, n)
	case name == "Fn::GetAtt" && argument.Kind == yaml.SequenceNode && len(argument.Content) > 0:
		return d.declared(id, argument.Content[0].Value, n)
	case name == "Fn::Sub":
		if err := d.variablesDeclared(id, argument, n); err != nil {
			return err
		}
	}
	for _, child := range n.Content {
		if err := d.references(id, child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// variablesDeclared checks the variables in the text of Fn::Sub.
func (d *document) variablesDeclared(id string, argument, site *yaml.Node) error {
	text, own := argument, mapping{}
	if argument.Kind == yaml.SequenceNode && len(argument.Content) == 2 {
		text = argument.Content[0]
		var err error
		if own, err = d.mapping(id, "the variables of Fn::Sub", argument.Content[1]); err != nil {
			return err
		}
	}
	for _, part := range strings.Split(text.Value, "${")[1:] {
		name, _, closed := strings.Cut(part, "}")
		if !closed || strings.HasPrefix(name, "!") || own.get(name) != nil {
			continue
		}
		if err := d.declared(id, name, site); err != nil {
			return err
		}
	}
	return nil
}

// declared checks one reference, to a parameter, a resource, or an attribute of one.
func (d *document) declared(id, target string, site *yaml.Node) error {
	name, _, _ := strings.Cut(target, ".")
	if d.resources[name] != nil || d.parameters[name] != nil || isPseudoParameter(name) || d.generates(name) {
		return nil
	}
	return d.fault(site, id, fmt.Sprintf("it refers to %q, which is neither a parameter nor a resource", name), "declare it, or correct the name")
}

// generates says whether SAM makes a resource of that name: it begins with the name of what it is made for, as in
// HelloFunctionRole. AWS SAM Developer Guide, "Generated CloudFormation resources".
func (d *document) generates(name string) bool {
	return name == "CodeDeployServiceRole" || name == "ServerlessDeploymentApplication" || slices.ContainsFunc(d.order, func(r *resource) bool {
		return strings.HasPrefix(r.kind, "AWS::Serverless::") && strings.HasPrefix(name, r.id)
	})
}

// isPseudoParameter says whether Ref knows a name without a declaration. CloudFormation User Guide, "Pseudo parameters
// reference".
func isPseudoParameter(name string) bool {
	switch name {
	case "AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix":
		return true
	}
	return false
}
