package gateway

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// want compares a decoded event with JSON.
func want(t *testing.T, what string, got any, text string) {
	t.Helper()
	var wanted any
	if err := json.Unmarshal([]byte(text), &wanted); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, wanted) {
		t.Errorf("%s\n got %v\nwant %v", what, got, wanted)
	}
}

// fullRequest has everything that an event shows.
func fullRequest() *http.Request {
	r := newRequest(http.MethodGet, "//guarded/a%2Fb?x=1&y=a+b&x=%C3%A9&flag", http.NoBody)
	r.Host = "api.example.test"
	r.RemoteAddr = "[2001:db8::1]:40000"
	r.Header = http.Header{"Authorization": {"Bearer one", "Bearer two"}, "User-Agent": {"test/1"}, "Accept": {"*/*"}, "Connection": {"keep-alive"},
		"Content-Length": {"0"}, "Expect": {"100-continue"}, "Te": {"trailers"}, "Www-Authenticate": {"x"}, "X-Forwarded-For": {"192.0.2.9"}, "X-Forwarded-Proto": {"gopher"},
		"X-Amzn-Trace-Id": {"Root=1-5759e988-bd862e3fe1be46a994272793"}}
	return r
}

func TestTheProxyEventIsTheServices(t *testing.T) {
	f := newFixture()
	clock := &handClock{now: time.Date(2026, 11, 23, 9, 5, 7, 123e6, time.FixedZone("", 3600))}
	f.options.Clock = clock.Now
	f.invoker.functions["Guard"] = answers(`{"principalId":"p","context":{"text":"a","number":1790000000,"truth":true,"gone":null},
		"policyDocument":{"Version":"2012-10-17","Statement":{"Action":"*","Effect":"Allow","Resource":"*"}}}`)
	f.send(fullRequest())
	event := f.invoker.event(t, "Guarded")
	context := event["requestContext"].(map[string]any)
	if id := context["requestId"].(string); !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) || id != f.lines[0].RequestID {
		t.Errorf("request id %s", id)
	}
	if id := context["extendedRequestId"].(string); len(id) != 16 {
		t.Errorf("extended request id %s", id)
	}
	for _, id := range []string{"requestId", "extendedRequestId", "resourceId", "deploymentId"} {
		delete(context, id)
	}
	want(t, "the event", event, `{
		"resource": "/guarded/{id}", "path": "/guarded/a%2Fb", "httpMethod": "GET",
		"headers": {"Authorization": "Bearer two", "User-Agent": "test/1", "Accept": "*/*", "Host": "api.example.test",
			"X-Forwarded-For": "192.0.2.9, 2001:db8::1", "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https",
			"X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793"},
		"multiValueHeaders": {"Authorization": ["Bearer one", "Bearer two"], "User-Agent": ["test/1"], "Accept": ["*/*"], "Host": ["api.example.test"],
			"X-Forwarded-For": ["192.0.2.9, 2001:db8::1"], "X-Forwarded-Port": ["443"], "X-Forwarded-Proto": ["https"],
			"X-Amzn-Trace-Id": ["Root=1-5759e988-bd862e3fe1be46a994272793"]},
		"queryStringParameters": {"x": "é", "y": "a b", "flag": ""},
		"multiValueQueryStringParameters": {"x": ["1", "é"], "y": ["a b"], "flag": [""]},
		"pathParameters": {"id": "a%2Fb"}, "stageVariables": null, "body": null, "isBase64Encoded": false,
		"requestContext": {
			"resourcePath": "/guarded/{id}", "httpMethod": "GET", "path": "/test//guarded/a%2Fb", "accountId": "123456789012", "protocol": "HTTP/1.1",
			"stage": "test", "domainPrefix": "api", "domainName": "api.example.test", "apiId": "local",
			"requestTime": "23/Nov/2026:08:05:07 +0000", "requestTimeEpoch": 1795421107123,
			"identity": {"sourceIp": "2001:db8::1", "userAgent": "test/1", "accessKey": null, "accountId": null, "caller": null, "cognitoAuthenticationProvider": null,
				"cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null, "principalOrgId": null, "user": null, "userArn": null},
			"authorizer": {"text": "a", "number": "1790000000", "truth": "true", "gone": null, "principalId": "p", "integrationLatency": 0}
		}}`)
}

func TestTheAuthorizerEventIsTheServices(t *testing.T) {
	f := newFixture()
	f.send(fullRequest())
	event, other := f.invoker.event(t, "Guard"), f.invoker.event(t, "Guarded")
	for _, shared := range []string{"headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "resource", "path", "httpMethod", "pathParameters"} {
		if !reflect.DeepEqual(event[shared], other[shared]) {
			t.Errorf("%s differs: %v and %v", shared, event[shared], other[shared])
		}
	}
	context := event["requestContext"].(map[string]any)
	if _, ok := context["authorizer"]; ok {
		t.Error("the authorizer's event has an authorizer")
	}
	if context["requestId"] != other["requestContext"].(map[string]any)["requestId"] {
		t.Error("the request id differs")
	}
	want(t, "type", event["type"], `"REQUEST"`)
	want(t, "methodArn", event["methodArn"], `"`+arnPrefix+`GET/guarded/a%2Fb"`)
	if _, ok := event["body"]; ok {
		t.Error("the authorizer's event has a body")
	}
	f.send(get("/guarded"))
	event = f.invoker.event(t, "Guard")
	for _, empty := range []string{"queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables"} {
		want(t, empty, event[empty], `{}`)
	}
}

func TestAnOpenRouteHasNoAuthorizerAndNullsForWhatIsMissing(t *testing.T) {
	f := newFixture()
	f.send(post("/open", ""))
	event := f.invoker.event(t, "Open")
	for _, name := range []string{"queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body"} {
		if value, ok := event[name]; !ok || value != nil {
			t.Errorf("%s is %v", name, value)
		}
	}
	if _, ok := event["requestContext"].(map[string]any)["authorizer"]; ok {
		t.Error("there is an authorizer")
	}
}

func TestABodyIsTextWithReplacementCharacters(t *testing.T) {
	for body, text := range map[string]string{"{\"a\": \"<é>\"}\n": "{\"a\": \"<é>\"}\n", "a\xffb": "a\ufffdb", "\x00": "\x00"} {
		f := newFixture()
		f.send(post("/open", body))
		event := f.invoker.event(t, "Open")
		if event["body"] != text || event["isBase64Encoded"] != false {
			t.Errorf("%q became %q", body, event["body"])
		}
		if strings.Contains(text, "<") && !bytes.Contains(f.invoker.payloads["Open"][0], []byte("<")) {
			t.Error("what needs no escape was escaped, which counts against Lambda's limit")
		}
	}
}

func TestASignatureOfAWSIsNotPassedOn(t *testing.T) {
	f := newFixture()
	r := post("/open", "")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x")
	f.send(r)
	if _, ok := f.invoker.event(t, "Open")["headers"].(map[string]any)["Authorization"]; ok {
		t.Error("the signature reached the function")
	}
}

func TestRequestIdsAreUnique(t *testing.T) {
	f := newFixture()
	seen := map[string]bool{}
	for range 100 {
		r := post("/open", "")
		r.Header.Set("X-Amzn-Requestid", "chosen")
		seen[f.send(r).Header.Get("X-Amzn-Requestid")] = true
	}
	if len(seen) != 100 || seen["chosen"] {
		t.Errorf("%d ids for 100 requests", len(seen))
	}
}

func TestTheQueryIsReadAsTheServiceReadsIt(t *testing.T) {
	for raw, text := range map[string]string{
		"":                  `null`,
		"&&":                `null`,
		"a=1;b=2":           `{"a":["1"],"b":["2"]}`,
		"a=1&a=2":           `{"a":["1","2"]}`,
		"a%20b=c%2Bd":       `{"a b":["c+d"]}`,
		"a=%zz":             `{"a":["%zz"]}`,
		"a=b=c":             `{"a":["b=c"]}`,
		"=x":                `{"":["x"]}`,
		"plus=t+a%40b.test": `{"plus":["t a@b.test"]}`,
	} {
		_, all := parseQuery(raw)
		encoded, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		if string(encoded) != text {
			t.Errorf("%q: %s, want %s", raw, encoded, text)
		}
	}
}
