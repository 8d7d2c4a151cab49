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
	actions   []string // in small letters
	resources []string
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
// NotAction, NotResource, Condition and policy variables are errors. The service evaluates them; this gateway does
// not, and a policy that is understood in part must not allow anything.
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
		Sid      *string
		Effect   string
		Action   jsontext.Value
		Resource jsontext.Value
	}
	if err := json.Unmarshal(item, &raw, json.RejectUnknownMembers(true)); err != nil {
		return statement{}, errors.New("a statement is not Effect, Action and Resource, which is all that the local gateway evaluates")
	}
	s := statement{deny: raw.Effect == "Deny"}
	if !s.deny && raw.Effect != "Allow" {
		return s, errors.New("an Effect is neither Allow nor Deny")
	}
	var err error
	if s.actions, err = texts("Action", raw.Action); err != nil {
		return s, err
	}
	for i := range s.actions { // IAM User Guide, "IAM JSON policy elements: Action": case-insensitive
		s.actions[i] = strings.ToLower(s.actions[i])
	}
	if s.resources, err = texts("Resource", raw.Resource); err != nil {
		return s, err
	}
	for _, resource := range s.resources {
		if len(resource) > maxPolicyARNBytes {
			return s, errors.New("a Resource has more than 512 characters")
		}
		if strings.Contains(resource, "${") {
			return s, errors.New("a Resource has a policy variable, which the local gateway does not evaluate")
		}
	}
	return s, nil
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
	return wildcard.MatchAny(s.actions, action) && wildcard.MatchAny(s.resources, resource)
}
