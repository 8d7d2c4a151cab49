package expanded_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryMethodButTheOpenOnesAsksTheAuthorizer(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	open := []string{
		"post /register", "post /login", "post /verify-otp", "post /leaked-tokens", "post /enrolment",
		"post /introspect", "post /revoke", // where clients authenticate themselves to the function
	}
	opened := 0
	for path, methods := range s.property("Api", "Body", "paths").(map[string]any) {
		for method, operation := range methods.(map[string]any) {
			want := "[map[TokenAuthorizer:[]]]"
			if slices.Contains(open, method+" "+path) {
				want = "[map[NONE:[]]]"
				opened++
			}
			if got := fmt.Sprint(operation.(map[string]any)["security"]); got != want {
				t.Errorf("%s %s is secured by %s, want %s", method, path, got, want)
			}
		}
	}
	if opened != len(open) {
		t.Errorf("%d open methods, want %d", opened, len(open))
	}
	for scheme := range s.property("Api", "Body", "components", "securitySchemes").(map[string]any) {
		if scheme != "TokenAuthorizer" {
			t.Errorf("there is a second way in: %s", scheme)
		}
	}
}

func TestTheAuthorizerIsAskedOnEachRequestThroughItsAlias(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	authorizer := s.property("Api", "Body", "components", "securitySchemes", "TokenAuthorizer", "x-amazon-apigateway-authorizer").(map[string]any)
	for key, want := range map[string]any{
		"type": "request", "authorizerResultTtlInSeconds": 0.0, "identitySource": "method.request.header.Authorization",
		"authorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/<AuthorizerFunction.Arn>:live/invocations",
	} {
		if authorizer[key] != want {
			t.Errorf("%s is %v, want %v", key, authorizer[key], want)
		}
	}
	if got := s.property("AuthorizerFunctionAliaslive", "Name"); got != "live" {
		t.Errorf("the alias is called %v", got)
	}
	for key, want := range map[string]any{
		"FunctionName": "<AuthorizerFunctionAliaslive>", "Principal": "apigateway.amazonaws.com", "Action": "lambda:InvokeFunction",
		"SourceArn": "arn:aws:execute-api:us-east-1:123456789012:<Api>/authorizers/*",
	} {
		if got := s.property("AuthorizerPermission", key); got != want {
			t.Errorf("the gateway's permission: %s is %v, want %v", key, got, want)
		}
	}
}

// logged are the variables that an access log line may have: what the gateway, the authorizer and AWS say, and the address. None
// is the path, the query or a header. API Gateway Developer Guide, "Variables for access logging for API Gateway".
var logged = []string{
	"requestId", "extendedRequestId", "requestTimeEpoch", "stage", "identity.sourceIp", "httpMethod", "resourcePath", "status",
	"error.responseType", "responseLatency", "responseLength", "protocol", "tlsVersion", "authorizer.principalId",
	"authorizer.status", "authorizer.error", "authorizer.latency", "integration.status", "integration.integrationStatus",
	"integration.latency", "waf.status", "wafResponseCode",
}

func TestTheAccessLogIsOneJSONObjectWithoutPathQueryOrHeader(t *testing.T) {
	s, ok := expand(t, "Stage=dev")
	if !ok {
		return
	}
	format := s.property("ApiStage", "AccessLogSetting", "Format").(string)
	if strings.Contains(format, "\n") {
		t.Error("the format has a line break")
	}
	for _, match := range regexp.MustCompile(`\$([a-z]+)\.?([\w.]*)`).FindAllStringSubmatch(format, -1) {
		if match[1] != "context" || !slices.Contains(logged, match[2]) {
			t.Errorf("the line has $%s.%s", match[1], match[2])
		}
	}
	var line map[string]string
	if err := json.Unmarshal([]byte(format), &line); err != nil {
		t.Fatalf("not an object of texts: %v", err)
	}
	for field, want := range map[string]string{
		"stack": "auth", "stage": "$context.stage", "request_id": "$context.requestId", "extended_request_id": "$context.extendedRequestId",
		"route": "$context.resourcePath", "error_type": "$context.error.responseType", "authorizer_status": "$context.authorizer.status",
		"waf_result": "$context.wafResponseCode",
	} {
		if line[field] != want {
			t.Errorf("%s is %q, want %q", field, line[field], want)
		}
	}
	if got := s.property("ApiStage", "AccessLogSetting", "DestinationArn"); got != "<AccessLogs.Arn>" {
		t.Errorf("the log goes to %v", got)
	}
}

func TestTheAccountsLogRoleIsMadeOnlyIfAskedForAndOutlivesTheStack(t *testing.T) {
	for mode, want := range map[string]int{"create": 1, "existing": 0} {
		s, ok := expand(t, "AccountLogRole="+mode)
		if !ok {
			return
		}
		if ids := s.ofType("AWS::ApiGateway::Account"); len(ids) != want {
			t.Errorf("%s: %v", mode, ids)
		}
		for _, id := range []string{"AccountLogSetting", "AccountLogWriter"} {
			r, there := s.resources[id]
			if there != (want == 1) || there && (r.DeletionPolicy != "Retain" || r.UpdateReplacePolicy != "Retain") {
				t.Errorf("%s: %s: there %v, %s, %s", mode, id, there, r.DeletionPolicy, r.UpdateReplacePolicy)
			}
		}
		if names := strings.Contains(fmt.Sprint(s.property("Api", "Description")), "<AccountLogSetting>"); names != (want == 1) {
			t.Errorf("%s: the API waits for the account's setting: %v", mode, names)
		}
	}
}
