package wildcard_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/tools/local/wildcard"
)

// longestARN is the longest method ARN that API Gateway evaluates, in bytes; those of tables and keys are shorter.
const longestARN = 1600

func TestTheWorstWildcardIsFast(t *testing.T) {
	begin := time.Now()
	if wildcard.Match(strings.Repeat("*a", 250)+"b", strings.Repeat("a", longestARN)) {
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
		if got, want := wildcard.Match(pattern, s), regexp.MustCompile(expression.String()).MatchString(string(latin)); got != want {
			t.Errorf("%q on %q: %v, want %v", pattern, s, got, want)
		}
	})
}
