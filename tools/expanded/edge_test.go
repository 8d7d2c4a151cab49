package expanded_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

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

func TestADomainWithoutACertificateAndAZoneWithoutADomainAreRefused(t *testing.T) {
	const domain, certificate, zone = "DomainName=api.example.test", "CertificateArn=arn:aws:acm:us-east-1:123456789012:certificate/x", "HostedZoneId=Z123"
	const needsCertificate, needsDomain = "DomainName needs CertificateArn.", "HostedZoneId needs DomainName."
	for _, test := range []struct{ parameters, refused []string }{
		{nil, nil},
		{[]string{certificate}, nil},
		{[]string{domain, certificate}, nil},
		{[]string{domain, certificate, zone}, nil},
		{[]string{domain}, []string{needsCertificate}},
		{[]string{domain, zone}, []string{needsCertificate}},
		{[]string{zone}, []string{needsDomain}},
		{[]string{certificate, zone}, []string{needsDomain}},
	} {
		s, ok := expand(t, test.parameters...)
		if !ok {
			return
		}
		if got := s.broken(); !slices.Equal(got, test.refused) {
			t.Errorf("%v: refused with %q, want %q", test.parameters, got, test.refused)
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

// forClients are the routes that the gateway lets anybody call and that a client authenticates itself to. Resource servers ask there about
// each of their requests, from few addresses: they have the rates of protected routes.
func forClients(path string) bool { return path == "/introspect" || path == "/revoke" }

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
		open := strings.Contains(fmt.Sprint(methods), "NONE") && !forClients(path)
		if found := slices.ContainsFunc(words, func(word string) bool { return strings.Contains(path, word) }); found != open {
			t.Errorf("%s: open %v, under the stricter rule %v", path, open, found)
		}
	}
}

// What anyone may call has the lower rate: the settings name each open method and no other, beside the one for all.
func TestEachOpenMethodHasTheRateOfSignIns(t *testing.T) {
	s, ok := expand(t, "RequestsPerSecond=70", "SignInsPerSecond=7")
	if !ok {
		return
	}
	want := map[string]string{"* /*": "70 70"}
	for path, methods := range s.property("Api", "Body", "paths").(map[string]any) {
		for method, operation := range methods.(map[string]any) {
			if strings.Contains(fmt.Sprint(operation), "NONE") && !forClients(path) {
				want[strings.ToUpper(method)+" /"+strings.ReplaceAll(path, "/", "~1")] = "7 7"
			}
		}
	}
	got := map[string]string{}
	for _, each := range s.property("ApiStage", "MethodSettings").([]any) {
		setting := each.(map[string]any)
		got[fmt.Sprint(setting["HttpMethod"], " ", setting["ResourcePath"])] = fmt.Sprint(setting["ThrottlingRateLimit"], " ", setting["ThrottlingBurstLimit"])
	}
	if !maps.Equal(got, want) || len(want) < 4 {
		t.Errorf("the rates are %v, want %v", got, want)
	}
}
