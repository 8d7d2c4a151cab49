package template

import (
	"cmp"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// Rule is a route that the authorizer's policy has a rule for.
type Rule struct{ Method, Resource string }

// CheckRules holds the API's routes and the rules about it against each other: a protected route without a rule could be called by
// nobody, and a rule without a protected route is about nothing, or about a route that is open to everybody. A route with the
// method ANY needs one rule at least. file names the template in errors, which have the form of Load's.
func (a API) CheckRules(file string, rules []Rule) error {
	d := &document{file: file}
	for _, route := range a.Routes {
		if route.Authorized && !slices.ContainsFunc(rules, route.covers) {
			return d.fault(&yaml.Node{Line: cmp.Or(route.Line, a.Line)}, cmp.Or(route.FunctionID, a.LogicalID), // a preflight is the API's own
				fmt.Sprintf("%s %s is protected, but shared/policy has no rule for it, so nobody could call it", route.Method, route.Resource),
				"add a line to rules in shared/policy/policy.go")
		}
	}
	for _, rule := range rules {
		if err := a.checkRule(d, rule); err != nil {
			return err
		}
	}
	return nil
}

func (a API) checkRule(d *document, rule Rule) error {
	for _, route := range a.Routes {
		switch {
		case !route.covers(rule):
		case route.Authorized:
			return nil
		default:
			return d.fault(&yaml.Node{Line: route.Line}, route.FunctionID,
				fmt.Sprintf("%s %s is open to everybody, but shared/policy has a rule for it", route.Method, route.Resource),
				"let the authorizer protect it, or remove the rule from shared/policy/policy.go")
		}
	}
	return d.fault(&yaml.Node{Line: a.Line}, a.LogicalID,
		fmt.Sprintf("there is no route %s %s, but shared/policy has a rule for it", rule.Method, rule.Resource),
		"give a function that event, or remove the rule from shared/policy/policy.go")
}

// covers reports whether requests that the rule is about come to the route. No request has the method ANY.
func (r Route) covers(rule Rule) bool {
	return r.Resource == rule.Resource && rule.Method != "ANY" && (r.Method == rule.Method || r.Method == "ANY")
}
