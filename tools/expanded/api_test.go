package expanded_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryMethodButTheThreeOpenOnesAsksTheAuthorizer(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	open := []string{"post /register", "post /login", "post /verify-otp"}
	seen := 0
	for path, methods := range s.property("Api", "Body", "paths").(map[string]any) {
		for method, operation := range methods.(map[string]any) {
			seen++
			want := "[map[TokenAuthorizer:[]]]"
			if slices.Contains(open, method+" "+path) {
				want = "[map[NONE:[]]]"
			}
			if got := fmt.Sprint(operation.(map[string]any)["security"]); got != want {
				t.Errorf("%s %s is secured by %s, want %s", method, path, got, want)
			}
		}
	}
	if seen != 9 {
		t.Errorf("%d methods, want 9", seen)
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
		for _, kind := range []string{"AWS::ApiGateway::Account"} {
			ids := s.ofType(kind)
			if len(ids) != want {
				t.Errorf("%s: %s: %v", mode, kind, ids)
			}
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

func TestNothingOlderThanTLS12IsSpokenOnAnyAddress(t *testing.T) {
	s, ok := expand(t, "DomainName=api.example.test", "CertificateArn=arn:aws:acm:us-east-1:123456789012:certificate/x")
	if !ok {
		return
	}
	for _, id := range []string{"Api", "Domain"} {
		if policy, mode := s.property(id, "SecurityPolicy"), s.property(id, "EndpointAccessMode"); policy != "SecurityPolicy_TLS13_1_2_2021_06" || mode != "BASIC" {
			t.Errorf("%s: %v, %v", id, policy, mode)
		}
	}
}

func TestADomainOfOnesOwnTakesThePlaceOfTheGatewaysAddress(t *testing.T) {
	domain := []string{"DomainName=api.example.test", "CertificateArn=arn:aws:acm:us-east-1:123456789012:certificate/x"}
	for _, test := range []struct {
		name            string
		parameters      []string
		domain, records bool
		url             string
	}{
		{"none", nil, false, false, "https://<Api>.execute-api.us-east-1.amazonaws.com/prod"},
		{"domain", domain, true, false, "https://api.example.test"},
		{"domain and zone", append(slices.Clone(domain), "HostedZoneId=Z123"), true, true, "https://api.example.test"},
	} {
		s, ok := expand(t, test.parameters...)
		if !ok {
			return
		}
		disabled := s.property("Api", "Body", "servers").([]any)[0].(map[string]any)["x-amazon-apigateway-endpoint-configuration"].(map[string]any)["disableExecuteApiEndpoint"]
		_, hasDomain := s.resources["Domain"]
		_, hasMapping := s.resources["DomainMapping"]
		_, hasRecords := s.resources["DomainRecords"]
		if disabled != test.domain || hasDomain != test.domain || hasMapping != test.domain || hasRecords != test.records {
			t.Errorf("%s: disabled %v, domain %v, mapping %v, records %v", test.name, disabled, hasDomain, hasMapping, hasRecords)
		}
		if got := s.output("ApiUrl"); got != test.url {
			t.Errorf("%s: ApiUrl is %v", test.name, got)
		}
		if format := fmt.Sprint(s.property("ApiStage", "AccessLogSetting", "Format")); strings.Contains(format, "api.example.test") != test.domain {
			t.Errorf("%s: the stage does not change with the domain, and the gateway's address would stay on: %s", test.name, format)
		}
		if test.domain && (s.property("DomainMapping", "Stage") != "<ApiStage>" || s.property("DomainMapping", "RestApiId") != "<Api>") {
			t.Errorf("%s: mapped to %v", test.name, s.resources["DomainMapping"].Properties)
		}
	}
}

func TestTheFirewallIsThereOnlyIfAskedFor(t *testing.T) {
	for mode, want := range map[string]bool{"disabled": false, "enabled": true} {
		s, ok := expand(t, "Firewall="+mode, "RequestsPerAddress=100", "SignInsPerAddress=20")
		if !ok {
			return
		}
		_, acl := s.resources["WebFirewall"]
		if _, attached := s.resources["WebFirewallInFront"]; acl != want || attached != want {
			t.Fatalf("%s: ACL %v, attached %v", mode, acl, attached)
		}
		if !want {
			continue
		}
		if got := s.property("WebFirewallInFront", "ResourceArn"); got != "arn:aws:apigateway:us-east-1::/restapis/<Api>/stages/<ApiStage>" {
			t.Errorf("in front of %v", got)
		}
		limits := map[any]any{}
		for _, rule := range s.property("WebFirewall", "Rules").([]any) {
			rule := rule.(map[string]any)
			limited := rule["Statement"].(map[string]any)["RateBasedStatement"].(map[string]any)
			limits[rule["Name"]] = limited["Limit"]
			if limited["AggregateKeyType"] != "IP" || limited["EvaluationWindowSec"] != 300.0 || fmt.Sprint(rule["Action"]) != "map[Block:map[]]" {
				t.Errorf("%v: %v", rule["Name"], rule)
			}
		}
		if fmt.Sprint(limits) != "map[RequestsPerAddress:100 SignInsPerAddress:20]" {
			t.Errorf("limits %v", limits)
		}
	}
}

// What the stricter rule looks for is in every open route's path and in no other's.
func TestTheFirewallsStricterRuleIsForTheOpenRoutes(t *testing.T) {
	s, ok := expand(t, "Firewall=enabled")
	if !ok {
		return
	}
	scope := s.property("WebFirewall", "Rules").([]any)[0].(map[string]any)["Statement"].(map[string]any)["RateBasedStatement"].(map[string]any)["ScopeDownStatement"]
	var words []string
	for _, each := range scope.(map[string]any)["OrStatement"].(map[string]any)["Statements"].([]any) {
		match := each.(map[string]any)["ByteMatchStatement"].(map[string]any)
		if match["PositionalConstraint"] != "CONTAINS" || fmt.Sprint(match["FieldToMatch"]) != "map[UriPath:map[]]" {
			t.Errorf("%v", match)
		}
		words = append(words, match["SearchString"].(string))
	}
	for path, methods := range s.property("Api", "Body", "paths").(map[string]any) {
		open := strings.Contains(fmt.Sprint(methods), "NONE")
		if found := slices.ContainsFunc(words, func(word string) bool { return strings.Contains(path, word) }); found != open {
			t.Errorf("%s: open %v, under the stricter rule %v", path, open, found)
		}
	}
}
