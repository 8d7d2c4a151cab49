package template

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// projects loads the project's own template, with its parameters' defaults.
func projects(t *testing.T) *Stack {
	t.Helper()
	s, err := Load(filepath.Join("..", "..", "..", "template.yaml"), Options{Physical: func(id, _ string) string { return id }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheGatewaysOwnAnswersAreProblemsOfTheContract(t *testing.T) {
	for kind, want := range map[string]struct {
		status     int // 0: the type's own
		code       string
		retryAfter string
	}{
		"UNAUTHORIZED":                   {401, "unauthenticated", ""},
		"ACCESS_DENIED":                  {403, "forbidden", ""},
		"MISSING_AUTHENTICATION_TOKEN":   {404, "not-found", ""},
		"INVALID_SIGNATURE":              {404, "not-found", ""},
		"EXPIRED_TOKEN":                  {404, "not-found", ""},
		"RESOURCE_NOT_FOUND":             {404, "not-found", ""},
		"REQUEST_TOO_LARGE":              {413, "request-too-large", ""},
		"UNSUPPORTED_MEDIA_TYPE":         {415, "unsupported-media-type", ""},
		"THROTTLED":                      {429, "too-many-requests", "'1'"},
		"AUTHORIZER_FAILURE":             {503, "service-unavailable", "'5'"},
		"AUTHORIZER_CONFIGURATION_ERROR": {503, "service-unavailable", "'5'"},
		"INTEGRATION_FAILURE":            {503, "service-unavailable", "'5'"},
		"INTEGRATION_TIMEOUT":            {503, "service-unavailable", "'5'"},
		"DEFAULT_4XX":                    {0, "invalid-request", ""},
		"DEFAULT_5XX":                    {0, "bad-gateway", ""},
	} {
		got, ok := projects(t).API.GatewayResponses[kind]
		if !ok {
			t.Errorf("%s: the gateway would answer in its own way", kind)
			continue
		}
		if got.StatusCode != want.status {
			t.Errorf("%s: status %d, want %d", kind, got.StatusCode, want.status)
		}
		if got.Headers["Retry-After"] != want.retryAfter {
			t.Errorf("%s: Retry-After %s, want %s", kind, got.Headers["Retry-After"], want.retryAfter)
		}
		if !strings.Contains(got.Templates["application/json"], `"type":"urn:problem-type:sallyport:`+want.code+`"`) {
			t.Errorf("%s: not the type %s: %s", kind, want.code, got.Templates["application/json"])
		}
	}
}

func TestEveryAnswerOfTheGatewayIsAProblemThatEchoesNothingOfTheRequest(t *testing.T) {
	for kind, response := range projects(t).API.GatewayResponses {
		for name, want := range map[string]string{
			"Content-Type": "'application/problem+json'", "Cache-Control": "'no-store'", "X-Content-Type-Options": "'nosniff'",
			"Strict-Transport-Security": "'max-age=63072000; includeSubDomains'",
		} {
			if response.Headers[name] != want {
				t.Errorf("%s: %s is %s", kind, name, response.Headers[name])
			}
		}
		if (response.Headers["WWW-Authenticate"] == `'Bearer realm="sallyport"'`) != (response.StatusCode == 401) {
			t.Errorf("%s: WWW-Authenticate is %q", kind, response.Headers["WWW-Authenticate"])
		}
		for contentType, text := range response.Templates {
			filled := strings.ReplaceAll(text, "$context.requestId", "id")
			var problem struct {
				Type, Title, Detail, Instance string
				Status                        int
			}
			if err := json.Unmarshal([]byte(filled), &problem); err != nil || problem.Title == "" || problem.Detail == "" || problem.Instance != "urn:uuid:id" {
				t.Errorf("%s, %s: %v, %+v", kind, contentType, err, problem)
			}
			if strings.Contains(filled, "$") {
				t.Errorf("%s, %s: it says more of the request than its id: %s", kind, contentType, filled)
			}
			if own := map[string]int{"DEFAULT_4XX": 400, "DEFAULT_5XX": 502}[kind]; problem.Status != max(response.StatusCode, own) {
				t.Errorf("%s, %s: the body says %d", kind, contentType, problem.Status)
			}
		}
		if len(response.Templates) == 0 {
			t.Errorf("%s has no body", kind)
		}
	}
}

func TestTheAuthorizersVerdictIsNotCachedAndEveryAnswerComesWithinTenSeconds(t *testing.T) {
	s := projects(t)
	if a := s.API.Authorizer; a == nil || a.ResultTTL != 0 || !slices.Equal(a.IdentityHeaders, []string{"Authorization"}) {
		t.Fatalf("authorizer %+v", a)
	}
	var authorizer, slowest time.Duration
	for _, f := range s.Functions {
		if f.LogicalID == s.API.Authorizer.FunctionID {
			authorizer = f.Timeout
		} else {
			slowest = max(slowest, f.Timeout)
		}
	}
	if authorizer+slowest >= 10*time.Second {
		t.Errorf("the authorizer may take %v, and a function %v after it", authorizer, slowest)
	}
}

// An account and a client stay until somebody removes them. What lapses in Accounts are registrations that nobody has signed in to: an
// attribute of their own, which the stores keep from all other accounts, and not the one that every other row has.
func TestRowsExpireEverywhereButInAccountsAndClients(t *testing.T) {
	for _, table := range projects(t).Tables {
		want := map[string]string{"AccountsTable": "lapses_at", "ClientsTable": ""}
		attribute, special := want[table.LogicalID]
		if !special {
			attribute = "expires_at"
		}
		if table.TTLAttribute != attribute {
			t.Errorf("%s: TTL on %q, want %q", table.LogicalID, table.TTLAttribute, attribute)
		}
	}
}

// declared is what of a resource Load has no use for.
type declared struct {
	Type                string         `yaml:"Type"`
	DeletionPolicy      string         `yaml:"DeletionPolicy"`
	UpdateReplacePolicy string         `yaml:"UpdateReplacePolicy"`
	Metadata            map[string]any `yaml:"Metadata"`
	Properties          map[string]any `yaml:"Properties"`
}

func written(t *testing.T) (parameters map[string]map[string]any, resources map[string]declared) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Parameters map[string]map[string]any `yaml:"Parameters"`
		Globals    struct {
			Function map[string]any `yaml:"Function"`
		} `yaml:"Globals"`
		Resources map[string]declared `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if d.Globals.Function["Runtime"] != "provided.al2023" || fmt.Sprint(d.Globals.Function["Architectures"]) != "[Architecture]" {
		t.Errorf("functions run as %v on %v", d.Globals.Function["Runtime"], d.Globals.Function["Architectures"])
	}
	return d.Parameters, d.Resources
}

func TestWhatCannotBeMadeAgainOutlivesTheStackAndTheKeyRotates(t *testing.T) {
	_, resources := written(t)
	for _, id := range []string{"AccountsTable", "SealingKey"} {
		if r := resources[id]; r.DeletionPolicy != "Retain" || r.UpdateReplacePolicy != "Retain" {
			t.Errorf("%s: %s when the stack goes, %s when it is replaced", id, r.DeletionPolicy, r.UpdateReplacePolicy)
		}
	}
	if got := fmt.Sprint(resources["AccountsTable"].Properties["PointInTimeRecoverySpecification"]); got != "map[PointInTimeRecoveryEnabled:true]" {
		t.Errorf("AccountsTable: point-in-time recovery %s", got)
	}
	if resources["SealingKey"].Properties["EnableKeyRotation"] != true {
		t.Error("the key does not rotate")
	}
	for id, r := range resources {
		if r.Type == "AWS::DynamoDB::Table" && (r.Properties["BillingMode"] != "PAY_PER_REQUEST" || r.Properties["SSESpecification"] != nil ||
			r.Properties["TableName"] != nil) {
			t.Errorf("%s is not on demand, calls KMS, or has a name that two stacks would share", id)
		}
	}
	// An index is never strongly consistent, and a row that is written to it costs a second write. Listings may have one, and so may erasure,
	// which finds a person's challenges by it; what decides on each request may not.
	for _, id := range []string{"TokensTable", "DataKeysTable", "ThrottlesTable"} {
		if r := resources[id]; r.Type != "AWS::DynamoDB::Table" || r.Properties["GlobalSecondaryIndexes"] != nil {
			t.Errorf("%s is no table without an index", id)
		}
	}
}

func TestEveryFunctionIsBuiltAnewAndKeepsItsLogForABoundedTime(t *testing.T) {
	_, resources := written(t)
	functions := 0
	for id, r := range resources {
		switch r.Type {
		case "AWS::Serverless::Function":
			functions++
			if r.Metadata["BuildMethod"] != "go1.x" {
				t.Errorf("%s is built by %v", id, r.Metadata["BuildMethod"])
			}
			logging, _ := r.Properties["LoggingConfig"].(map[string]any)
			if group, _ := logging["LogGroup"].(string); resources[group].Type != "AWS::Logs::LogGroup" {
				t.Errorf("%s writes to %v, which is no log group of the stack", id, logging["LogGroup"])
			}
		case "AWS::Logs::LogGroup":
			if r.Properties["RetentionInDays"] != "LogRetentionDays" {
				t.Errorf("%s keeps its lines for %v", id, r.Properties["RetentionInDays"])
			}
		}
	}
	folders, err := os.ReadDir(filepath.Join("..", "..", "..", "functions"))
	if err != nil {
		t.Fatal(err)
	}
	if functions == 0 || functions != len(folders) {
		t.Errorf("the template has %d functions, the folder functions %d", functions, len(folders))
	}
	settings, err := os.ReadFile(filepath.Join("..", "..", "..", "samconfig.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(settings), "\ncached = false\n") { // a cached build ships the old binary after a change under shared/
		t.Error("samconfig.toml lets SAM take a build from its cache")
	}
}

func TestEveryFunctionHasAnEventToBeInvokedWith(t *testing.T) {
	for _, f := range projects(t).Functions {
		event := filepath.Join("events", filepath.Base(f.CodeDir)+".json")
		text, err := os.ReadFile(filepath.Join("..", "..", "..", event))
		if err != nil {
			t.Errorf("%s has no event for sam local invoke: write %s", f.LogicalID, event)
		} else if !json.Valid(text) {
			t.Errorf("%s is not JSON", event)
		}
	}
}

func TestParametersHaveTheirDefaultsAndBounds(t *testing.T) {
	parameters, _ := written(t)
	for name, want := range map[string][3]any{
		"TokenTTLSeconds":     {3600, 1, 43200},
		"ChallengeTTLSeconds": {300, 30, 900},
		"ArgonMemoryKiB":      {47104, 19456, 262144},
		"ArgonTime":           {1, 1, 10},
		"PasswordConcurrency": {0, 0, 1000},
		"RequestsPerAddress":  {3000, 10, 2000000000},
		"SignInsPerAddress":   {300, 10, 2000000000},
	} {
		p := parameters[name]
		if got := [3]any{p["Default"], p["MinValue"], p["MaxValue"]}; got != want {
			t.Errorf("%s: default, least and most are %v, want %v", name, got, want)
		}
	}
	if got := parameters["Architecture"]; got["Default"] != "arm64" || fmt.Sprint(got["AllowedValues"]) != "[arm64 x86_64]" {
		t.Errorf("Architecture: %v", got)
	}
	if got := parameters["SelfRegistrationRoles"]["Default"]; got != "CONSUMER" {
		t.Errorf("SelfRegistrationRoles: %v", got)
	}
	for name, want := range map[string]string{
		"AccountLogRole": "create", "Tracing": "Disabled", "DeploymentType": "Canary10Percent10Minutes", "Firewall": "disabled",
	} {
		values, _ := parameters[name]["AllowedValues"].([]any)
		if parameters[name]["Default"] != want || !slices.Contains(values, any(want)) {
			t.Errorf("%s: %v", name, parameters[name])
		}
	}
	for name, p := range parameters {
		if description, _ := p["Description"].(string); description == "" {
			t.Errorf("%s has no description", name)
		}
		if p["AllowedValues"] == nil && p["AllowedPattern"] == nil && (p["MinValue"] == nil || p["MaxValue"] == nil) {
			t.Errorf("%s takes any value", name)
		}
	}
}

func TestAnOptionalPartsParametersAreEmptyOrWellFormed(t *testing.T) {
	for name, values := range map[string]map[string]bool{
		"AlarmTopicArn":  {"": true, "arn:aws:sns:eu-central-1:123456789012:on-call": true, "on-call": false, "arn:aws:sqs:eu-central-1:123456789012:q": false},
		"DomainName":     {"": true, "api.example.com": true, "API.example.com": false, "localhost": false, "https://api.example.com": false, "*.example.com": false},
		"CertificateArn": {"": true, "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b-2c": true, "arn:aws:iam::123456789012:server-certificate/x": false},
		"HostedZoneId":   {"": true, "Z0123456789ABC": true, "/hostedzone/Z0123456789ABC": false},
	} {
		for value, ok := range values {
			_, err := Load(filepath.Join("..", "..", "..", "template.yaml"), Options{Parameters: map[string]string{name: value}})
			if (err == nil) != ok {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
	}
}
