package expanded_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
	"sallyport/shared/audit/audittest"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/kmskey"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// term is one comparison of a filter pattern: a field, and a text or a regular expression.
var term = regexp.MustCompile(`^\$\.(\w+) = (?:"([^"]*)"|%([^%]*)%)$`)

// matches says whether a metric filter counts a log line. It knows of the syntax what the template uses: terms joined by && or
// by ||. CloudWatch Logs User Guide, "Using filter patterns to match terms in JSON log events".
func matches(t *testing.T, pattern, line string) bool {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		t.Fatal(err)
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(pattern, "{ "), " }")
	separator, all := " || ", false
	if strings.Contains(inner, " && ") {
		separator, all = " && ", true
	}
	for _, each := range strings.Split(inner, separator) {
		parts := term.FindStringSubmatch(each)
		if parts == nil {
			t.Fatalf("the pattern %s has the term %q, which this test does not know", pattern, each)
		}
		value, _ := fields[parts[1]].(string)
		holds := parts[3] == "" && value == parts[2] || parts[3] != "" && regexp.MustCompile(parts[3]).MatchString(value)
		if holds != all {
			return holds
		}
	}
	return all
}

// unreachable is an HTTP client whose every call fails.
type unreachable struct{}

func (unreachable) Do(*http.Request) (*http.Response, error) {
	return nil, errors.New("no route to host")
}

// lines are what the functions and the gateway write in the cases that filters are for.
func lines(t *testing.T, s *stack) map[string]string {
	t.Helper()
	keys, nowhere := credentials.NewStaticCredentialsProvider("x", "x", ""), unreachable{}
	database := dynamodb.New(dynamodb.Options{Region: "us-east-1", Credentials: keys, HTTPClient: nowhere, Retryer: aws.NopRetryer{}})
	key := kmskey.New(kms.New(kms.Options{Region: "us-east-1", Credentials: keys, HTTPClient: nowhere, Retryer: aws.NopRetryer{}}), "key", "prod")
	_, _, keyFailed := key.NewDataKey(t.Context(), 1, 0)
	_, _, tableFailed := sessionstore.New(database, sessionstore.Tables{Tokens: "Tokens"}).Record(t.Context(), token.ID{}, token.ID{})

	written := map[string]string{}
	for name, failure := range map[string]error{
		"KMS fails":           keyFailed,
		"DynamoDB fails":      tableFailed,
		"record mismatch":     &apperr.Error{Code: apperr.Unauthenticated, Reason: session.ReasonRecordMismatch, Alarm: true},
		"record corrupt":      &apperr.Error{Code: apperr.Unauthenticated, Reason: session.ReasonRecordCorrupt, Alarm: true},
		"token refused":       &apperr.Error{Code: apperr.Unauthenticated, Reason: session.ReasonRevoked},
		"row that is no row":  apperr.Tampered("row_malformed", errors.New("dynamo: no expiry")),
		"let in":              nil,
		"KMS error mentioned": fmt.Errorf("envelope: making the key: %w", keyFailed),
	} {
		var out bytes.Buffer
		judge := func(context.Context, secret.Text, policy.Route) (session.Identity, error) {
			return session.Identity{}, failure
		}
		request := apigw.AuthorizerRequest{MultiValueHeaders: map[string][]string{"Authorization": {"Bearer x"}}}
		_, _ = apigw.Authorize(slog.New(slog.NewJSONHandler(&out, nil)), judge, &audittest.Trail{})(t.Context(), request)
		written[name] = out.String()
	}
	format := s.property("ApiStage", "AccessLogSetting", "Format").(string)
	for _, kind := range []string{"AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR", "UNAUTHORIZED", "-"} {
		written["gateway "+kind] = strings.ReplaceAll(format, "$context.error.responseType", kind)
	}
	return written
}

func TestEachFilterCountsTheLinesThatItIsForAndNoOther(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	written := lines(t, s)
	for metric, want := range map[string][]string{
		"KeyErrors":          {"KMS fails", "KMS error mentioned"},
		"TableErrors":        {"DynamoDB fails"},
		"RecordMismatches":   {"record mismatch", "record corrupt"},
		"AuthorizerFailures": {"gateway AUTHORIZER_FAILURE", "gateway AUTHORIZER_CONFIGURATION_ERROR"},
	} {
		filters := 0
		for _, id := range s.ofType("AWS::Logs::MetricFilter") {
			if fmt.Sprint(s.property(id, "MetricTransformations").([]any)[0].(map[string]any)["MetricName"]) != metric {
				continue
			}
			filters++
			counted := map[string]bool{}
			for name, line := range written {
				if matches(t, s.property(id, "FilterPattern").(string), line) {
					counted[name] = true
				}
			}
			for _, name := range want {
				if !counted[name] {
					t.Errorf("%s does not count %q", id, name)
				}
				delete(counted, name)
			}
			if len(counted) > 0 {
				t.Errorf("%s counts %v too", id, counted)
			}
		}
		if filters == 0 {
			t.Errorf("nothing counts %s", metric)
		}
	}
}
