package expanded_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// stack is an expanded template as a stack of that name would have it. A reference to a resource is <LogicalID> in it, an
// attribute <LogicalID.Attribute>.
type stack struct {
	t         *testing.T
	name      string
	raw       template
	given     map[string]string
	resources map[string]resource // those whose condition holds, with properties resolved
}

func newStack(t *testing.T, name string, expanded template, parameters []string) *stack {
	t.Helper()
	s := &stack{t: t, name: name, raw: expanded, given: map[string]string{}, resources: map[string]resource{}}
	for parameter, declared := range expanded.Parameters {
		s.given[parameter] = fmt.Sprint(declared.Default)
	}
	for _, parameter := range parameters {
		key, value, _ := strings.Cut(parameter, "=")
		s.given[key] = value
	}
	for id, r := range expanded.Resources {
		if r.Condition != "" && !s.holds(map[string]any{"Condition": r.Condition}) {
			continue
		}
		r.Properties, _ = s.resolve(r.Properties).(map[string]any)
		s.resources[id] = r
	}
	return s
}

// holds decides a condition.
func (s *stack) holds(expression any) bool {
	for name, argument := range expression.(map[string]any) {
		switch name {
		case "Condition":
			return s.holds(s.raw.Conditions[argument.(string)])
		case "Fn::Equals":
			pair := argument.([]any)
			return fmt.Sprint(s.resolve(pair[0])) == fmt.Sprint(s.resolve(pair[1]))
		case "Fn::Not":
			return !s.holds(argument.([]any)[0])
		case "Fn::And":
			return !slices.ContainsFunc(argument.([]any), func(each any) bool { return !s.holds(each) })
		}
	}
	s.t.Fatalf("not a condition: %v", expression)
	return false
}

// broken lists what the rules that these parameters break say. CloudFormation User Guide, "Rules": an assertion counts if its
// rule's condition holds, or the rule has none.
func (s *stack) broken() []string {
	var all []string
	for _, rule := range s.raw.Rules {
		if rule.RuleCondition != nil && !s.holds(rule.RuleCondition) {
			continue
		}
		for _, each := range rule.Assertions {
			if !s.holds(each.Assert) {
				all = append(all, each.AssertDescription)
			}
		}
	}
	slices.Sort(all)
	return all
}

// none is what AWS::NoValue gives.
type none struct{}

// resolve replaces intrinsic functions by what they give. CloudFormation User Guide, "Intrinsic function reference".
func (s *stack) resolve(value any) any {
	switch value := value.(type) {
	case []any:
		list := []any{}
		for _, each := range value {
			if each = s.resolve(each); each != (none{}) {
				list = append(list, each)
			}
		}
		return list
	case map[string]any:
		if len(value) == 1 {
			for name, argument := range value {
				if result, ok := s.call(name, argument); ok {
					return result
				}
			}
		}
		m := map[string]any{}
		for key, each := range value {
			if each = s.resolve(each); each != (none{}) {
				m[key] = each
			}
		}
		return m
	}
	return value
}

func (s *stack) call(name string, argument any) (any, bool) {
	switch name {
	case "Ref":
		return s.reference(argument.(string)), true
	case "Fn::GetAtt":
		parts := argument.([]any)
		return s.reference(fmt.Sprint(parts[0]) + "." + fmt.Sprint(parts[1])), true
	case "Fn::If":
		branches := argument.([]any)
		if s.holds(map[string]any{"Condition": branches[0]}) {
			return s.resolve(branches[1]), true
		}
		return s.resolve(branches[2]), true
	case "Fn::Sub":
		text, own := argument, map[string]any{}
		if pair, ok := argument.([]any); ok {
			text, own = pair[0], pair[1].(map[string]any)
		}
		return variable.ReplaceAllStringFunc(text.(string), func(match string) string {
			name := match[2 : len(match)-1]
			if value, ok := own[name]; ok {
				return fmt.Sprint(s.resolve(value))
			}
			return fmt.Sprint(s.reference(name))
		}), true
	}
	return nil, false
}

var variable = regexp.MustCompile(`\$\{[^}]+\}`)

// reference is what Ref gives for a name, and Fn::GetAtt for a name with an attribute. What is not declared, or not there
// because its condition is false, fails the test.
func (s *stack) reference(name string) any {
	pseudo := map[string]any{
		"AWS::NoValue": none{}, "AWS::StackName": s.name, "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012",
		"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
	}
	if value, ok := pseudo[name]; ok {
		return value
	}
	if value, ok := s.given[name]; ok {
		return value
	}
	id, _, _ := strings.Cut(name, ".")
	r, ok := s.raw.Resources[id]
	if !ok {
		s.t.Fatalf("a reference to %s, which the expanded template does not have", name)
	}
	if r.Condition != "" && !s.holds(map[string]any{"Condition": r.Condition}) {
		s.t.Fatalf("a reference to %s, which is not there with these parameters", name)
	}
	return "<" + name + ">"
}

// ofType lists the resources of a type by logical id.
func (s *stack) ofType(kind string) []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(s.resources)) {
		if s.resources[id].Type == kind {
			ids = append(ids, id)
		}
	}
	return ids
}

// property returns what a path of keys leads to in a resource's properties, nil if it leads nowhere.
func (s *stack) property(id string, path ...string) any {
	var value any = s.resources[id].Properties
	for _, key := range path {
		m, _ := value.(map[string]any)
		value = m[key]
	}
	return value
}

// output returns an output's value, nil if the stack has none of that name.
func (s *stack) output(name string) any {
	output, ok := s.raw.Outputs[name]
	if !ok || output.Condition != "" && !s.holds(map[string]any{"Condition": output.Condition}) {
		return nil
	}
	return s.resolve(output.Value)
}
