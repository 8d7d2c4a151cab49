package gateway

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

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
