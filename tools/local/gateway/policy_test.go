package gateway

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

func TestErrorsAboutAPolicyDoNotRepeatItsValues(t *testing.T) {
	for _, document := range []string{`{"Version":"canary"}`, `{"Statement":"canary"}`, `{"Statement":{"Effect":"canary","Action":"a","Resource":"b"}}`, `{"canary":1}`} {
		if _, err := parsePolicy(jsontext.Value(document)); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", document, err)
		}
	}
}

func TestTheWorstWildcardIsFast(t *testing.T) {
	begin := time.Now()
	if matchWildcard(strings.Repeat("*a", 250)+"b", strings.Repeat("a", maxMethodARNBytes)) {
		t.Error("matched")
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

func FuzzAWildcardMatchesAsARegularExpressionWould(f *testing.F) {
	f.Add("arn:*:GET/?/x", "arn:aws:GET/a/x")
	f.Add("**", "")
	f.Add("?*?", "a")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 64 || len(s) > 256 {
			return
		}
		var expression strings.Builder
		expression.WriteString(`\A(?s:`)
		for _, b := range []byte(pattern) { // byte by byte, as the matcher
			switch b {
			case '*':
				expression.WriteString(".*")
			case '?':
				expression.WriteString(".")
			default:
				expression.WriteString(regexp.QuoteMeta(string(rune(b))))
			}
		}
		expression.WriteString(`)\z`)
		latin := make([]rune, len(s))
		for i, b := range []byte(s) {
			latin[i] = rune(b)
		}
		if got, want := matchWildcard(pattern, s), regexp.MustCompile(expression.String()).MatchString(string(latin)); got != want {
			t.Errorf("%q on %q: %v, want %v", pattern, s, got, want)
		}
	})
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
