package template

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// reference looks at what Ref names: a parameter, a resource, or what SAM makes of one, in one of its two ways.
func (c referenceCheck) reference(target string, site *yaml.Node) error {
	if _, ok := c.parameters[target]; ok || isPseudoParameter(target) {
		return nil
	}
	if name, property, dotted := strings.Cut(target, "."); dotted && c.resources[name] != nil && !c.early {
		if !c.isReferable(name, property) {
			return c.fault(site, c.id, fmt.Sprintf("it refers to %q, which SAM does not make of %s", target, name), "correct the name, or use Fn::GetAtt for an attribute")
		}
		return nil
	}
	return c.resource(target, site)
}

// attribute looks at what Fn::GetAtt names.
func (c referenceCheck) attribute(target string, site *yaml.Node) error {
	name, attribute, _ := strings.Cut(target, ".")
	if err := c.resource(name, site); err != nil {
		return err
	}
	property, _, _ := strings.Cut(attribute, ".")
	if r := c.resources[name]; attribute == "" || r != nil && !hasAttribute(r.kind, attribute) && !c.isReferable(name, property) {
		return c.fault(site, c.id, fmt.Sprintf("it refers to %q, but %s has no such attribute", target, name), "correct the attribute's name")
	}
	return nil
}

// resource refuses a name that no resource has, neither the template's own nor what SAM makes.
func (c referenceCheck) resource(name string, site *yaml.Node) error {
	if c.early {
		return c.fault(site, c.id, fmt.Sprintf("it refers to %q, which is no parameter", name), "conditions and rules know parameters only: declare it, or correct the name")
	}
	made, err := c.isMade(name)
	if err != nil || made {
		return err
	}
	if _, ok := c.parameters[name]; ok {
		return c.fault(site, c.id, fmt.Sprintf("it refers to an attribute of %q, which is a parameter", name), "use Ref")
	}
	undotted, _, _ := strings.Cut(name, ".")
	return c.fault(site, c.id, fmt.Sprintf("it refers to %q, which is neither a parameter nor a resource", undotted), "declare it, or correct the name")
}

func (c referenceCheck) condition(name string, site *yaml.Node) error {
	if c.conditions[name] == nil {
		return c.fault(site, c.id, fmt.Sprintf("the condition %q is not declared", name), "declare it in Conditions, or correct the name")
	}
	return nil
}

func (c referenceCheck) table(name string, site *yaml.Node) error {
	tables, err := c.mapping("", "Mappings", c.sections.get("Mappings"))
	if err == nil && tables.get(name) == nil {
		err = c.fault(site, c.id, fmt.Sprintf("there is no %q in Mappings", name), "declare it, or correct the name")
	}
	return err
}

// isPseudoParameter lists what Ref knows without a declaration. CloudFormation User Guide, "Pseudo parameters reference".
func isPseudoParameter(name string) bool {
	switch name {
	case "AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix":
		return true
	}
	return false
}
