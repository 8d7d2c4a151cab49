package template

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// policyConditions reads a Condition. IAM User Guide, "IAM JSON policy elements: Condition operators"; AWS KMS Developer Guide,
// "AWS KMS condition keys".
func (d *document) policyConditions(r *resource, what string, n *yaml.Node) ([]Condition, error) {
	operators, err := d.mapping(r.id, what+"'s Condition", n)
	if err != nil {
		return nil, err
	}
	var all []Condition
	for _, operator := range operators.entries {
		isSet, known := conditionOperator(operator.key.Value)
		if !known {
			return nil, d.fault(operator.key, r.id, fmt.Sprintf("%s has the condition operator %s, which the local run does not know", what, operator.key.Value),
				"use StringEquals, StringLike or their negations, with ForAllValues: or ForAnyValue: for a key of several values")
		}
		keys, err := d.mapping(r.id, what+"'s "+operator.key.Value, operator.value)
		if err != nil {
			return nil, err
		}
		for _, key := range keys.entries {
			hasSeveral, known := conditionKey(key.key.Value)
			if !known {
				return nil, d.fault(key.key, r.id, fmt.Sprintf("%s has the condition key %s, which the local run does not know", what, key.key.Value),
					"use kms:EncryptionContext:… or kms:EncryptionContextKeys, or teach tools/local/iam to find it in a call")
			}
			if hasSeveral != isSet {
				return nil, d.fault(key.key, r.id, fmt.Sprintf("%s compares %s with %s", what, key.key.Value, operator.key.Value),
					"give ForAllValues: or ForAnyValue: to a key of several values, and to no other")
			}
			values, err := d.policyValues(r.id, what+"'s "+key.key.Value, key.value, key.key)
			if err != nil {
				return nil, err
			}
			all = append(all, Condition{Operator: operator.key.Value, Key: key.key.Value, Values: nodeTexts(values)})
		}
	}
	return all, nil
}

// conditionOperator knows the operators that are evaluated locally. isSet is whether it compares a set of values.
func conditionOperator(name string) (isSet, known bool) {
	switch name {
	case "StringEquals", "StringLike", "StringNotEquals", "StringNotLike":
		return false, true
	case "ForAllValues:StringEquals", "ForAnyValue:StringEquals", "ForAllValues:StringLike", "ForAnyValue:StringLike":
		return true, true
	}
	return false, false
}

// conditionKey knows the condition keys that a local call has. Their names are case-insensitive. A key of several values needs a
// set operator, and one of a single value must have none: IAM User Guide, "Single-valued vs. multivalued context keys".
func conditionKey(name string) (hasSeveral, known bool) {
	name = strings.ToLower(name)
	if name == "kms:encryptioncontextkeys" {
		return true, true
	}
	pair, ok := strings.CutPrefix(name, "kms:encryptioncontext:")
	return false, ok && pair != ""
}
