package gateway

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func TestAPolicyIsEvaluatedAsIAMDoes(t *testing.T) {
	const arn = arnPrefix + "GET/guarded/7"
	statement := func(effect, action, resource string) string {
		return `{"Effect":"` + effect + `","Action":` + action + `,"Resource":` + resource + `}`
	}
	const invoke, all = `"execute-api:Invoke"`, `"*"`
	for _, test := range []struct {
		name, statements string
		want             decision
	}{
		{"everything", statement("Allow", `"*"`, all), allowed},
		{"this service", statement("Allow", `"execute-api:*"`, all), allowed},
		{"this action in any case", statement("Allow", `"Execute-API:invoke"`, all), allowed},
		{"a wildcard in the action", statement("Allow", `"execute-api:Inv?ke"`, all), allowed},
		{"another action", statement("Allow", `"execute-api:ManageConnections"`, all), notAllowed},
		{"one of several actions", statement("Allow", `["s3:*",`+invoke+`]`, all), allowed},
		{"the very resource", statement("Allow", invoke, `"`+arn+`"`), allowed},
		{"a resource in another case", statement("Allow", invoke, `"`+strings.ToUpper(arn)+`"`), notAllowed},
		{"a wildcard across slashes", statement("Allow", invoke, `"`+arnPrefix+`*"`), allowed},
		{"any method", statement("Allow", invoke, `"`+arnPrefix+`*/guarded/?"`), allowed},
		{"a part of the resource", statement("Allow", invoke, `"`+arnPrefix+`GET/guarded"`), notAllowed},
		{"another stage", statement("Allow", invoke, `"`+strings.Replace(arn, "/test/", "/prod/", 1)+`"`), notAllowed},
		{"one of several resources", statement("Allow", invoke, `["x","`+arn+`"]`), allowed},
		{"deny alone", statement("Deny", invoke, all), denied},
		{"deny after allow", statement("Allow", invoke, all) + "," + statement("Deny", invoke, `"`+arn+`"`), denied},
		{"allow after deny", statement("Deny", invoke, `"`+arn+`"`) + "," + statement("Allow", invoke, all), denied},
		{"deny of something else", statement("Deny", invoke, `"x"`) + "," + statement("Allow", invoke, all), allowed},
	} {
		statements, err := parsePolicy(jsontext.Value(`{"Version":"2012-10-17","Statement":[` + test.statements + `]}`))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := (&verdict{statements: statements}).evaluate(arn); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestErrorsAboutAPolicyDoNotRepeatItsValues(t *testing.T) {
	for _, document := range []string{`{"Version":"canary"}`, `{"Statement":"canary"}`, `{"Statement":{"Effect":"canary","Action":"a","Resource":"b"}}`, `{"canary":1}`} {
		if _, err := parsePolicy(jsontext.Value(document)); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", document, err)
		}
	}
}

func FuzzAVerdictThatCanNotBeReadAllowsNothing(f *testing.F) {
	f.Add([]byte(policy("Allow", "*")))
	f.Add([]byte(`{"principalId":"p","policyDocument":{"Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"]}]},"context":{"a":1}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		v, err := parseVerdict(payload)
		if err != nil {
			if v != nil {
				t.Error("a verdict beside an error")
			}
			return
		}
		if v.principalID == "" || len(v.statements) == 0 {
			t.Errorf("%q was taken for an answer", payload)
		}
		v.evaluate(arnPrefix + "GET/a")
	})
}
