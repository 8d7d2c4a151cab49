package template

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// checkReferences looks at every Ref, Fn::GetAtt and Fn::Sub of the sections Globals, Resources and Outputs: a deployment refuses
// one that names nothing, whether it is served here or not.
func (d *document) checkReferences() error {
	for _, section := range []string{"Globals", "Resources", "Outputs"} {
		entries, err := d.mapping("", section, d.sections.get(section))
		if err != nil {
			return err
		}
		for _, e := range entries.entries {
			if err := d.checkNode(e.key.Value, e.value, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *document) checkNode(id string, n *yaml.Node, depth int) error {
	if d.visited++; depth > maxDepth || d.visited > maxVisited {
		return d.fault(n, id, "the template nests or repeats too much", "simplify it")
	}
	if n.Kind == yaml.AliasNode {
		return d.checkNode(id, n.Alias, depth+1)
	}
	switch name, argument := intrinsic(n); name {
	case "Ref":
		if argument.Kind == yaml.ScalarNode {
			return d.checkTarget(id, argument.Value, n)
		}
	case "Fn::GetAtt":
		if argument.Kind == yaml.SequenceNode && len(argument.Content) > 0 {
			argument = argument.Content[0]
		}
		if argument.Kind == yaml.ScalarNode {
			return d.checkTarget(id, argument.Value, n)
		}
	case "Fn::Sub":
		if err := d.checkText(id, argument, n); err != nil {
			return err
		}
	}
	for _, child := range n.Content {
		if err := d.checkNode(id, child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// checkText looks at the variables of Fn::Sub's text.
func (d *document) checkText(id string, argument, site *yaml.Node) error {
	text, own := argument, mapping{}
	if argument.Kind == yaml.SequenceNode && len(argument.Content) == 2 {
		var err error
		if own, err = d.mapping(id, "the variables of Fn::Sub", argument.Content[1]); err != nil {
			return err
		}
		text = argument.Content[0]
	}
	for _, match := range regexp.MustCompile(`\$\{([^!}][^}]*)\}`).FindAllStringSubmatch(text.Value, -1) {
		if own.get(match[1]) == nil {
			if err := d.checkTarget(id, match[1], site); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkTarget refuses a name that is neither a parameter nor a resource, nor what SAM makes of one: its role, for example, which
// begins with its own name. What follows a dot is an attribute, or a thing that SAM makes.
func (d *document) checkTarget(id, target string, site *yaml.Node) error {
	name, _, _ := strings.Cut(target, ".")
	if _, ok := d.parameters[name]; ok || d.resources[name] != nil || isPseudoParameter(name) || isDeploymentResource(name) {
		return nil
	}
	for _, r := range d.order {
		if strings.HasPrefix(r.kind, "AWS::Serverless::") && strings.HasPrefix(name, r.id) {
			return nil
		}
	}
	return d.fault(site, id, fmt.Sprintf("it refers to %q, which is neither a parameter nor a resource", name), "declare it, or correct the name")
}

// isPseudoParameter lists what Ref knows without a declaration. CloudFormation User Guide, "Pseudo parameters reference".
func isPseudoParameter(name string) bool {
	switch name {
	case "AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix":
		return true
	}
	return false
}

// isDeploymentResource lists what SAM makes once for all gradual deployments. AWS SAM Developer Guide, "Generated CloudFormation
// resources".
func isDeploymentResource(name string) bool {
	return name == "CodeDeployServiceRole" || name == "ServerlessDeploymentApplication"
}
