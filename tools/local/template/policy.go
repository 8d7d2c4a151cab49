package template

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// statements reads what a function's Policies say: inline policy documents, from which SAM makes the function's role. What would
// widen or narrow that role in another way is refused. AWS SAM Developer Guide, "AWS::Serverless::Function", Policies, Role.
func (d *document) statements(r *resource) ([]Statement, error) {
	own, err := d.mapping(r.id, "Properties", r.properties)
	if err != nil {
		return nil, err
	}
	globals, err := d.mapping("Globals", "Function", d.globals.get("Function"))
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"Role", "PermissionsBoundary"} {
		for _, m := range []mapping{own, globals} {
			if n := m.get(key); !isNull(n) {
				return nil, d.fault(n, r.id, key+" says elsewhere what the function may do, where the local run does not look",
					"remove it, and write the statements under the function's Policies")
			}
		}
	}
	if n := globals.get("Policies"); n != nil {
		return nil, d.fault(n, "Globals", "SAM takes no Policies here", "write them under each function")
	}
	policies, err := d.evaluate(r.id, own.get("Policies"), 0)
	if err != nil || isNull(policies) {
		return nil, err
	}
	documents := []*yaml.Node{policies}
	if policies.Kind == yaml.SequenceNode {
		documents = policies.Content
	}
	var all []Statement
	for _, n := range documents {
		statements, err := d.policy(r, n)
		if err != nil {
			return nil, err
		}
		all = append(all, statements...)
	}
	return all, nil
}

// policy reads one policy document. IAM User Guide, "Grammar of the IAM JSON policy language".
func (d *document) policy(r *resource, n *yaml.Node) ([]Statement, error) {
	if n.Kind != yaml.MappingNode || keyIndex(n, "Statement") < 0 {
		return nil, d.fault(n, r.id, "a policy that is not an inline document with a Statement",
			"write its statements out: the local run knows neither managed policies nor SAM's policy templates")
	}
	m, err := d.mapping(r.id, "a policy", n)
	if err != nil {
		return nil, err
	}
	if err := d.only(r.id, "a policy", m, "Version", "Statement"); err != nil {
		return nil, err
	}
	if v := m.get("Version"); v != nil && v.Value != "2012-10-17" && v.Value != "2008-10-17" {
		return nil, d.fault(v, r.id, "a policy's Version is not one that IAM has", `write "2012-10-17"`)
	}
	items := []*yaml.Node{m.get("Statement")}
	if items[0].Kind == yaml.SequenceNode {
		items = items[0].Content
	}
	if len(items) == 0 {
		return nil, d.fault(n, r.id, "a policy has no statement", "write one, or remove the policy")
	}
	statements, lines := make([]Statement, len(items)), map[string]int{}
	for i, item := range items {
		if statements[i], err = d.statement(r, item); err != nil {
			return nil, err
		}
		sid := statements[i].Sid
		if line, twice := lines[sid]; twice && sid != "" {
			return nil, d.fault(item, r.id, fmt.Sprintf("the Sid %s is that of the statement at line %d already", sid, line), "give each its own")
		}
		lines[sid] = statements[i].Line
	}
	return statements, nil
}

func (d *document) statement(r *resource, n *yaml.Node) (Statement, error) {
	s := Statement{Line: n.Line}
	m, err := d.mapping(r.id, "a statement", n)
	if err != nil {
		return s, err
	}
	if err := d.only(r.id, "a statement", m, "Sid", "Effect", "Action", "Resource", "Condition"); err != nil {
		return s, err
	}
	what := "a statement"
	if sid := m.get("Sid"); sid != nil {
		if s.Sid, err = d.text(r.id, "a statement's Sid", sid); err != nil {
			return s, err
		}
		if !regexp.MustCompile(`^[a-zA-Z0-9]+$`).MatchString(s.Sid) {
			return s, d.fault(sid, r.id, fmt.Sprintf("the Sid %q", s.Sid), "use letters and digits only")
		}
		what = "the statement " + s.Sid
	}
	effect, err := d.required(r.id, what, m, "Effect", n)
	if err != nil {
		return s, err
	}
	if s.Deny = effect == "Deny"; !s.Deny && effect != "Allow" {
		return s, d.fault(m.get("Effect"), r.id, fmt.Sprintf("%s has the Effect %q", what, effect), "write Allow or Deny")
	}
	actions, err := d.policyValues(r.id, what+"'s Action", m.get("Action"), n)
	if err != nil {
		return s, err
	}
	resources, err := d.policyValues(r.id, what+"'s Resource", m.get("Resource"), n)
	if err != nil {
		return s, err
	}
	if err := d.checkTargets(r, what, actions, resources); err != nil {
		return s, err
	}
	s.Actions, s.Resources = nodeTexts(actions), nodeTexts(resources)
	s.Conditions, err = d.policyConditions(r, what, m.get("Condition"))
	return s, err
}

// policyValues reads a text or a list of at least one. Policy variables are refused: nothing local could fill them in.
func (d *document) policyValues(id, what string, n, site *yaml.Node) ([]*yaml.Node, error) {
	if isNull(n) {
		return nil, d.fault(site, id, what+" is missing", "name one, or list several")
	}
	values := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		values = n.Content
	}
	if len(values) == 0 {
		return nil, d.fault(n, id, what+" is empty", "name at least one")
	}
	for _, value := range values {
		text, err := d.text(id, what, value)
		if err != nil {
			return nil, err
		}
		if strings.Contains(text, "${") {
			return nil, d.fault(value, id, fmt.Sprintf("%s has a policy variable, %q", what, text), "write the value out: the local run does not evaluate policy variables")
		}
	}
	return values, nil
}

func nodeTexts(nodes []*yaml.Node) []string {
	texts := make([]string, len(nodes))
	for i, n := range nodes {
		texts[i] = n.Value
	}
	return texts
}
