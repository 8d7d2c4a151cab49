package iam_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sallyport/tools/local/lambda"
)

// What a service behind the guard might read in another way than the guard must not get there.
func TestAFunctionsCallIsRefusedInAnyFormButTheOneThatIsJudged(t *testing.T) {
	g := newGuarded(t)
	g.function(on(arn("Things"), "dynamodb:GetItem"), on("arn:aws:kms:us-east-1:123456789012:key/"+g.keyID, "kms:DescribeKey"))
	own := lambda.AccessKeyID("TestFunction")
	for _, service := range []struct {
		server                                *httptest.Server
		name, errors, target, allowed, forbid string
		body                                  string
	}{
		{g.databases, "dynamodb", "com.amazon.coral.service#", "DynamoDB_20120810.", "GetItem", "DeleteTable", `{"TableName":"Things","Key":{"id":{"S":"1"}}}`},
		{g.keys, "kms", "", "TrentService.", "DescribeKey", "DisableKey", fmt.Sprintf(`{"KeyId":%q}`, g.keyID)},
	} {
		const shape, scope = "AccessDeniedException", "InvalidSignatureException"
		signed := authorization("TestFunction", service.name)
		add := func(name, value string) func(*http.Request) {
			return func(r *http.Request) { r.Header.Add(name, value) }
		}
		set := func(name, value string) func(*http.Request) {
			return func(r *http.Request) { r.Header.Set(name, value) }
		}
		wrong := func(was, is string) func(*http.Request) {
			return set("Authorization", strings.Replace(signed, was, is, 1))
		}
		elsewhere := "Credential should be scoped to correct service: '" + service.name + "'."
		for _, test := range []struct {
			name         string
			change       func(*http.Request)
			kind, reason string // none: it passes
		}{
			{"as the SDKs send it", func(*http.Request) {}, "", ""},
			{"plain by name", set("Content-Encoding", "identity"), "", ""},
			{"another method", func(r *http.Request) { r.Method = http.MethodPut }, shape, "the call is no POST"},
			{"another path", func(r *http.Request) { r.URL.Path = "/moto-api/reset" }, shape, "the path of the call is not /"},
			{"the path twice", func(r *http.Request) { r.URL.Path = "//" }, shape, "the path of the call is not /"},
			{"an encoded path", func(r *http.Request) { r.URL.Path, r.URL.RawPath = "//", "/%2F" }, shape, "the path of the call is not /"},
			{"a query", func(r *http.Request) { r.URL.RawQuery = "Action=" + service.forbid }, shape, "the call has a query"},
			{"an empty query", func(r *http.Request) { r.URL.ForceQuery = true }, shape, "the call has a query"},
			{"a second target", add("X-Amz-Target", service.target+service.forbid), shape, "the call does not have one X-Amz-Target header"},
			{"the target twice", add("X-Amz-Target", service.target+service.allowed), shape, "the call does not have one X-Amz-Target header"},
			{"no target", func(r *http.Request) { r.Header.Del("X-Amz-Target") }, shape, "the call does not have one X-Amz-Target header"},
			{"a second signature", add("Authorization", authorization("OtherFunction", service.name)), shape, "the call does not have one Authorization header"},
			{"the operator's signature first", func(r *http.Request) {
				r.Header["Authorization"] = []string{strings.Replace(signed, own, "AKIAOPERATOR", 1), signed}
			}, shape, "the call does not have one Authorization header"},
			{"a compressed body", set("Content-Encoding", "gzip"), shape, "the body of the call is encoded"},
			{"a body encoded twice", func(r *http.Request) { r.Header["Content-Encoding"] = []string{"identity", "gzip"} }, shape, "the body of the call is encoded"},
			{"signed for another service", set("Authorization", authorization("TestFunction", "iam")), scope, elsewhere},
			{"signed for another region", wrong("us-east-1", "eu-west-1"), scope, "Credential should be scoped to a valid region, not 'eu-west-1'."},
			{"another terminator", wrong("aws4_request", "aws5_request"), scope, "The request signature does not conform to AWS standards."},
			{"a second credential", wrong(", SignedHeaders", "/iam/aws4_request, Credential="+own+"/20261125/us-east-1/"+service.name+"/aws4_request, SignedHeaders"), scope, "The request signature does not conform to AWS standards."},
			{"signed in the query", func(r *http.Request) {
				r.Header.Del("Authorization")
				r.URL.RawQuery = "X-Amz-Credential=" + own + "%2F20261125%2Fus-east-1%2F" + service.name + "%2Faws4_request"
			}, scope, "The request signature does not conform to AWS standards."},
		} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, service.server.URL+"/", strings.NewReader(service.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Amz-Target", service.target+service.allowed)
			r.Header.Set("X-Amz-Security-Token", "token")
			r.Header.Set("Authorization", signed)
			test.change(r)
			status, body := send(t, r)
			said := g.last()
			if test.kind == "" {
				if status != http.StatusOK || said != "" {
					t.Errorf("%s, %s: %d %s %q", service.name, test.name, status, body, said)
				}
				continue
			}
			if status != http.StatusBadRequest || !strings.HasPrefix(body, `{"__type":"`+service.errors+test.kind+`","Message":"`) {
				t.Errorf("%s, %s: %d %s", service.name, test.name, status, body)
			}
			if !strings.HasPrefix(said, "TestFunction may not "+service.name+":") || !strings.HasSuffix(strings.TrimSpace(said), " on *: "+test.reason) {
				t.Errorf("%s, %s: it says %q, not %s", service.name, test.name, said, test.reason)
			}
		}
	}
}
