package gateway

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"sallyport/tools/local/wildcard"
)

// statement is one statement of an authorizer's policy.
type statement struct {
	deny      bool
	actions   patterns // in small letters
	resources patterns
}

// patterns is Action or Resource; or, if others, NotAction or NotResource: all but these.
type patterns struct {
	list   []string
	others bool
}

// decision is what a policy says of one call.
type decision int

const (
	notAllowed decision = iota // no statement allows it: an implicit deny
	allowed
	denied // a statement denies it
)

// parsePolicy reads a policy document. IAM User Guide, "Grammar of the IAM JSON policy language".
//
// Condition and policy variables are errors. The service evaluates them; this gateway does not, and a policy that is
// understood in part must not allow anything.
func parsePolicy(document jsontext.Value) ([]statement, error) {
	var policy struct {
		Version   *string
		ID        *string `json:"Id"`
		Statement jsontext.Value
	}
	if err := json.Unmarshal(document, &policy, json.RejectUnknownMembers(true)); err != nil {
		return nil, errors.New("it is not an object of Version and Statement")
	}
	if v := policy.Version; v != nil && *v != "2012-10-17" && *v != "2008-10-17" {
		return nil, errors.New("the Version is not 2012-10-17")
	}
	items := []jsontext.Value{policy.Statement}
	if policy.Statement.Kind() == '[' {
		if err := json.Unmarshal(policy.Statement, &items); err != nil {
			return nil, errors.New("the Statement is not a list of statements")
		}
	}
	if policy.Statement == nil || len(items) == 0 {
		return nil, errors.New("there is no Statement")
	}
	statements := make([]statement, len(items))
	for i, item := range items {
		var err error
		if statements[i], err = parseStatement(item); err != nil {
			return nil, err
		}
	}
	return statements, nil
}

func parseStatement(item jsontext.Value) (statement, error) {
	var raw struct {
		Sid         *string
		Effect      string
		Action      jsontext.Value
		NotAction   jsontext.Value
		Resource    jsontext.Value
		NotResource jsontext.Value
	}
	if err := json.Unmarshal(item, &raw, json.RejectUnknownMembers(true)); err != nil {
		return statement{}, errors.New("a statement is not Effect, Action and Resource (or NotAction and NotResource), which is all that the local gateway evaluates")
	}
	s := statement{deny: raw.Effect == "Deny"}
	if !s.deny && raw.Effect != "Allow" {
		return s, errors.New("an Effect is neither Allow nor Deny")
	}
	var err error
	if s.actions, err = eitherOf("Action", raw.Action, raw.NotAction); err != nil {
		return s, err
	}
	for i := range s.actions.list { // IAM User Guide, "IAM JSON policy elements: Action": case-insensitive
		s.actions.list[i] = strings.ToLower(s.actions.list[i])
	}
	if s.resources, err = eitherOf("Resource", raw.Resource, raw.NotResource); err != nil {
		return s, err
	}
	for _, resource := range s.resources.list {
		if len(resource) > maxPolicyARNBytes {
			return s, errors.New("a Resource has more than 512 characters")
		}
		if strings.Contains(resource, "${") {
			return s, errors.New("a Resource has a policy variable, which the local gateway does not evaluate")
		}
	}
	return s, nil
}

// eitherOf reads an element or its negation. A statement has exactly one of the two: IAM User Guide, "Grammar of the IAM
// JSON policy language".
func eitherOf(name string, element, negation jsontext.Value) (patterns, error) {
	if element != nil && negation != nil {
		return patterns{}, errors.New("a statement has both " + name + " and Not" + name)
	}
	others := negation != nil
	if others {
		name, element = "Not"+name, negation
	}
	list, err := texts(name, element)
	return patterns{list, others}, err
}

// texts reads a text, or a list of at least one.
func texts(name string, value jsontext.Value) ([]string, error) {
	var list []string
	switch value.Kind() {
	case '"':
		list = make([]string, 1)
		if err := json.Unmarshal(value, &list[0]); err != nil {
			return nil, errors.New(name + " is not text")
		}
	case '[':
		if err := json.Unmarshal(value, &list); err != nil {
			return nil, errors.New(name + " is not a list of texts")
		}
	}
	if len(list) == 0 {
		return nil, errors.New(name + " is missing")
	}
	return list, nil
}

// evaluate decides a call of the method that the ARN names. IAM User Guide, "Policy evaluation logic": one statement
// that denies outweighs all that allow, and what nothing allows is denied.
func (v *verdict) evaluate(methodARN string) decision {
	result := notAllowed
	for _, s := range v.statements {
		if !s.covers("execute-api:invoke", methodARN) {
			continue
		}
		if s.deny {
			return denied
		}
		result = allowed
	}
	return result
}

func (s statement) covers(action, resource string) bool {
	return s.actions.cover(action) && s.resources.cover(resource)
}

func (p patterns) cover(s string) bool {
	return wildcard.MatchAny(p.list, s) != p.others
}
