// Package iam holds the functions of a local run to their policies, as IAM would on AWS.
//
// Decide is the evaluation, without I/O. A Guard stands before a DynamoDB or a KMS, works out what each call of a function does to
// what, and refuses what the function's statements do not allow. It does not judge credentials: a caller is the function whose access
// key id it presents, since signatures are not verified. That keeps a function from doing by mistake what its role may not, which is
// what the guard is for; a program that lies about its key id is not kept from anything.
package iam

import (
	"slices"
	"strings"

	"sallyport/tools/local/template"
	"sallyport/tools/local/wildcard"
)

// Request is one action on one resource, which a call asks for.
type Request struct {
	Action   string // as "dynamodb:GetItem"
	Resource string // an ARN
	// Context is what conditions are evaluated on: values by the key's name in small letters. A key without values is absent.
	Context map[string][]string
}

// Decision is what a function's statements say of a request.
type Decision struct {
	Allowed bool
	// By is the statement that denies, or the first that allows; nil if none does either.
	By *template.Statement
	// Unmet, where By is nil, is the first statement that would allow the action on the resource if its conditions held.
	Unmet *template.Statement
}

// Decide evaluates statements. One that denies outweighs all that allow, and what none allows is denied.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html
func Decide(statements []template.Statement, r Request) Decision {
	var decision Decision
	for i := range statements {
		s := &statements[i]
		if !covers(s, r) {
			continue
		}
		switch met := holdsAll(s, r.Context); {
		case met && s.Deny:
			return Decision{By: s}
		case met && !decision.Allowed:
			decision = Decision{Allowed: true, By: s}
		case !met && !s.Deny && !decision.Allowed && decision.Unmet == nil:
			decision.Unmet = s
		}
	}
	return decision
}

// covers tells whether a statement is about the action and the resource. Actions are case-insensitive, resources are not.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html, …_resource.html
func covers(s *template.Statement, r Request) bool {
	return slices.ContainsFunc(s.Actions, func(pattern string) bool {
		return wildcard.Match(strings.ToLower(pattern), strings.ToLower(r.Action))
	}) && wildcard.MatchAny(s.Resources, r.Resource)
}

// holdsAll tells whether a statement's conditions hold, all of them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
func holdsAll(s *template.Statement, context map[string][]string) bool {
	for _, c := range s.Conditions {
		holds, known := holds(c, context[strings.ToLower(c.Key)])
		if !known {
			return s.Deny // what is not understood must not allow anything
		}
		if !holds {
			return false
		}
	}
	return true
}

// holds evaluates one condition on the values that the call has for its key. known is false for an operator that the template
// package should not have let pass.
//
// A key that the call does not have matches nothing: StringEquals and StringLike are false, their negations true.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// ForAllValues is true of no values at all, ForAnyValue is false.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func holds(c template.Condition, values []string) (holds, known bool) {
	set, operator, isSet := strings.Cut(c.Operator, ":")
	if !isSet {
		set, operator = "", c.Operator
	}
	base, negated := strings.CutPrefix(operator, "StringNot")
	if !negated {
		base, known = strings.CutPrefix(operator, "String")
	}
	matches := func(value string) bool { return slices.Contains(c.Values, value) }
	if base == "Like" {
		matches = func(value string) bool { return wildcard.MatchAny(c.Values, value) }
	}
	known = (known || negated) && (base == "Like" || base == "Equals")
	switch {
	case set == "":
		return slices.ContainsFunc(values, matches) != negated, known
	case set == "ForAllValues" && !negated:
		return !slices.ContainsFunc(values, func(value string) bool { return !matches(value) }), known
	case set == "ForAnyValue" && !negated:
		return slices.ContainsFunc(values, matches), known
	}
	return false, false
}
