package iam

import (
	"testing"

	"sallyport/tools/local/template"
)

const (
	things = "arn:aws:dynamodb:us-east-1:123456789012:table/Things"
	others = "arn:aws:dynamodb:us-east-1:123456789012:table/Others"
)

func allow(actions, resources []string, conditions ...template.Condition) template.Statement {
	return template.Statement{Actions: actions, Resources: resources, Conditions: conditions}
}

func deny(actions, resources []string, conditions ...template.Condition) template.Statement {
	return template.Statement{Deny: true, Actions: actions, Resources: resources, Conditions: conditions}
}

func list(texts ...string) []string { return texts }

// IAM User Guide, "Policy evaluation logic", "The difference between explicit and implicit denies", and the elements Action and
// Resource.
func TestStatementsAreEvaluatedAsIAMDoes(t *testing.T) {
	get := Request{Action: "dynamodb:GetItem", Resource: things}
	for _, test := range []struct {
		name       string
		statements []template.Statement
		request    Request
		want       bool
	}{
		{"nothing is allowed by default", nil, get, false},
		{"what a statement allows is allowed", []template.Statement{allow(list("dynamodb:GetItem"), list(things))}, get, true},
		{"another action is not", []template.Statement{allow(list("dynamodb:PutItem"), list(things))}, get, false},
		{"on another resource it is not", []template.Statement{allow(list("dynamodb:GetItem"), list(others))}, get, false},
		{"action and resource are one statement's", []template.Statement{allow(list("dynamodb:GetItem"), list(others)), allow(list("dynamodb:PutItem"), list(things))}, get, false},
		{"one of several actions and resources is enough", []template.Statement{allow(list("dynamodb:PutItem", "dynamodb:GetItem"), list(others, things))}, get, true},
		{"one of several statements is enough", []template.Statement{allow(list("dynamodb:PutItem"), list(things)), allow(list("dynamodb:GetItem"), list(things))}, get, true},
		{"a denial outweighs what allows before it", []template.Statement{allow(list("*"), list("*")), deny(list("dynamodb:GetItem"), list(things))}, get, false},
		{"and after it", []template.Statement{deny(list("dynamodb:GetItem"), list(things)), allow(list("*"), list("*"))}, get, false},
		{"a denial of something else does not", []template.Statement{allow(list("*"), list("*")), deny(list("dynamodb:GetItem"), list(others))}, get, true},
		{"actions are matched in any case", []template.Statement{allow(list("DynamoDB:getitem"), list(things))}, get, true},
		{"resources are not", []template.Statement{allow(list("dynamodb:GetItem"), list("arn:aws:dynamodb:us-east-1:123456789012:table/things"))}, get, false},
		{"* of an action", []template.Statement{allow(list("dynamodb:Get*"), list(things))}, get, true},
		{"* of a whole service", []template.Statement{allow(list("dynamodb:*"), list(things))}, get, true},
		{"* of another service", []template.Statement{allow(list("kms:*"), list(things))}, get, false},
		{"? of an action is one character", []template.Statement{allow(list("dynamodb:?etItem"), list(things))}, get, true},
		{"and not none", []template.Statement{allow(list("dynamodb:G?etItem"), list(things))}, get, false},
		{"* of a resource crosses colons and slashes", []template.Statement{allow(list("dynamodb:GetItem"), list("arn:aws:dynamodb:*Things"))}, get, true},
		{"a table is not its indexes", []template.Statement{allow(list("dynamodb:Query"), list(things))}, Request{Action: "dynamodb:Query", Resource: things + "/index/name"}, false},
		{"a table's name is not a prefix", []template.Statement{allow(list("dynamodb:GetItem"), list(things))}, Request{Action: "dynamodb:GetItem", Resource: things + "2"}, false},
	} {
		if got := Decide(test.statements, test.request); got.Allowed != test.want {
			t.Errorf("%s: %+v", test.name, got)
		}
	}
}

// IAM User Guide, "IAM JSON policy elements: Condition operators", "Conditions with multiple context keys or values", and
// "Single-valued vs. multivalued context keys".
func TestConditionsAreEvaluatedAsIAMDoes(t *testing.T) {
	c := func(operator, key string, values ...string) template.Condition {
		return template.Condition{Operator: operator, Key: key, Values: values}
	}
	const purpose, stage, keys = "kms:EncryptionContext:purpose", "kms:EncryptionContext:stage", "kms:EncryptionContextKeys"
	context := map[string][]string{
		"kms:encryptioncontext:purpose": {"access-token"}, "kms:encryptioncontext:stage": {"prod"}, "kms:encryptioncontextkeys": {"purpose", "stage"},
	}
	for _, test := range []struct {
		name       string
		conditions []template.Condition
		want       bool
	}{
		{"no condition", nil, true},
		{"equal", []template.Condition{c("StringEquals", purpose, "access-token")}, true},
		{"unequal", []template.Condition{c("StringEquals", purpose, "totp-secret")}, false},
		{"values are case-sensitive", []template.Condition{c("StringEquals", purpose, "Access-Token")}, false},
		{"names of keys are not", []template.Condition{c("StringEquals", "KMS:encryptioncontext:PURPOSE", "access-token")}, true},
		{"several values are OR", []template.Condition{c("StringEquals", purpose, "totp-secret", "access-token")}, true},
		{"several keys are AND", []template.Condition{c("StringEquals", purpose, "access-token"), c("StringEquals", stage, "test")}, false},
		{"several operators are AND", []template.Condition{c("StringEquals", purpose, "access-token"), c("StringLike", stage, "t*")}, false},
		{"all hold", []template.Condition{c("StringEquals", purpose, "access-token"), c("StringLike", stage, "p*d")}, true},
		{"a key that the call lacks is not equal", []template.Condition{c("StringEquals", "kms:EncryptionContext:user_id", "1")}, false},
		{"nor like anything", []template.Condition{c("StringLike", "kms:EncryptionContext:user_id", "*")}, false},
		{"but unequal", []template.Condition{c("StringNotEquals", "kms:EncryptionContext:user_id", "1")}, true},
		{"and unlike", []template.Condition{c("StringNotLike", "kms:EncryptionContext:user_id", "*")}, true},
		{"StringEquals knows no wildcard", []template.Condition{c("StringEquals", purpose, "access-*")}, false},
		{"StringLike does", []template.Condition{c("StringLike", purpose, "access-?oken")}, true},
		{"a negation of several values is NOR", []template.Condition{c("StringNotEquals", purpose, "totp-secret", "access-token")}, false},
		{"neither of several values", []template.Condition{c("StringNotEquals", purpose, "totp-secret", "another")}, true},
		{"a negation with wildcards", []template.Condition{c("StringNotLike", purpose, "access-*")}, false},
		{"all of the call's values are listed", []template.Condition{c("ForAllValues:StringEquals", keys, "purpose", "stage", "user_id")}, true},
		{"one is not", []template.Condition{c("ForAllValues:StringEquals", keys, "purpose")}, false},
		{"of no values all are listed", []template.Condition{c("ForAllValues:StringEquals", "kms:EncryptionContext:none", "purpose")}, true},
		{"one of the call's values is listed", []template.Condition{c("ForAnyValue:StringEquals", keys, "stage")}, true},
		{"none is", []template.Condition{c("ForAnyValue:StringEquals", keys, "user_id")}, false},
		{"of no values none is", []template.Condition{c("ForAnyValue:StringEquals", "kms:EncryptionContext:none", "stage")}, false},
		{"sets with wildcards", []template.Condition{c("ForAllValues:StringLike", keys, "*e")}, true},
		{"any with wildcards", []template.Condition{c("ForAnyValue:StringLike", keys, "x*", "s*")}, true},
	} {
		r := Request{Action: "kms:Decrypt", Resource: "key", Context: context}
		if got := Decide([]template.Statement{allow(list("kms:Decrypt"), list("key"), test.conditions...)}, r); got.Allowed != test.want {
			t.Errorf("%s: %+v", test.name, got)
		}
		// A denial takes effect under the same conditions.
		if got := Decide([]template.Statement{allow(list("*"), list("*")), deny(list("kms:Decrypt"), list("key"), test.conditions...)}, r); got.Allowed == test.want {
			t.Errorf("%s, denied: %+v", test.name, got)
		}
	}
}

func TestAnOperatorThatIsNotKnownAllowsNothingAndDeniesAll(t *testing.T) {
	for _, operator := range []string{"", "String", "StringEqualsIfExists", "StringNot", "Bool", "ForAllValues:StringNotEquals", "ForSome:StringEquals", "ForAnyValue:", "stringequals"} {
		condition := template.Condition{Operator: operator, Key: "kms:EncryptionContext:a", Values: list("b")}
		r := Request{Action: "kms:Decrypt", Resource: "key", Context: map[string][]string{"kms:encryptioncontext:a": {"b"}}}
		if Decide([]template.Statement{allow(list("*"), list("*"), condition)}, r).Allowed {
			t.Errorf("%q allows", operator)
		}
		if Decide([]template.Statement{allow(list("*"), list("*")), deny(list("*"), list("*"), condition)}, r).Allowed {
			t.Errorf("%q does not deny", operator)
		}
	}
}

func TestADecisionNamesTheStatementThatMadeIt(t *testing.T) {
	statements := []template.Statement{
		{Sid: "Bound", Actions: list("kms:Decrypt"), Resources: list("key"), Conditions: []template.Condition{{Operator: "StringEquals", Key: "kms:EncryptionContext:a", Values: list("b")}}},
		{Sid: "First", Actions: list("kms:Encrypt"), Resources: list("key")},
		{Sid: "Second", Actions: list("kms:Encrypt"), Resources: list("*")},
		{Sid: "Never", Deny: true, Actions: list("kms:Encrypt"), Resources: list("other")},
	}
	for _, test := range []struct {
		action, resource, by, unmet string
	}{
		{"kms:Encrypt", "key", "First", ""},
		{"kms:Encrypt", "other", "Never", ""},
		{"kms:Decrypt", "key", "", "Bound"},
		{"kms:Decrypt", "other", "", ""},
	} {
		got := Decide(statements, Request{Action: test.action, Resource: test.resource})
		if sid(got.By) != test.by || sid(got.Unmet) != test.unmet {
			t.Errorf("%s on %s: by %q, unmet %q", test.action, test.resource, sid(got.By), sid(got.Unmet))
		}
	}
}

func sid(s *template.Statement) string {
	if s == nil {
		return ""
	}
	return s.Sid
}
