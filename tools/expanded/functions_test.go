package expanded_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const basicExecution = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"

func TestEachRoleMayDoWhatIsWrittenAndWriteItsLogAndNothingElse(t *testing.T) {
	for tracing, managed := range map[string][]any{
		"Disabled": {basicExecution},
		"Active":   {basicExecution, "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess"},
	} {
		s, ok := expand(t, "Tracing="+tracing)
		if !ok {
			return
		}
		for _, id := range s.ofType("AWS::Lambda::Function") {
			role := s.resources[id+"Role"]
			if got := role.Properties["ManagedPolicyArns"]; !reflect.DeepEqual(got, managed) {
				t.Errorf("%s, tracing %s: managed policies %v", id, tracing, got)
			}
			var attached []any
			policies, _ := role.Properties["Policies"].([]any)
			for _, policy := range policies {
				attached = append(attached, policy.(map[string]any)["PolicyDocument"])
			}
			if written := policiesOf(t, s, id); !reflect.DeepEqual(attached, written) {
				t.Errorf("%s: its role has\n%v\nthe template says\n%v", id, attached, written)
			}
			if got := s.property(id, "Role"); got != "<"+id+"Role.Arn>" {
				t.Errorf("%s has the role %v", id, got)
			}
		}
		for _, id := range s.ofType("AWS::IAM::Role") {
			function := strings.TrimSuffix(id, "Role")
			if s.resources[function].Type != "AWS::Lambda::Function" && id != "CodeDeployServiceRole" && id != "AccountLogWriter" {
				t.Errorf("a role that nobody asked for: %s", id)
			}
		}
		if traced := s.property("ApiStage", "TracingEnabled"); traced != (tracing == "Active") {
			t.Errorf("tracing %s: the stage is traced: %v", tracing, traced)
		}
	}
}

// policiesOf reads a function's policies where they are written.
func policiesOf(t *testing.T, s *stack, id string) []any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var source struct {
		Resources map[string]struct {
			Properties map[string]yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &source); err != nil {
		t.Fatal(err)
	}
	policies := source.Resources[id].Properties["Policies"]
	list, _ := s.resolve(longForm(&policies)).([]any)
	return list
}

// longForm turns short intrinsic functions (!Ref x) into long ones, and keeps texts as texts.
func longForm(n *yaml.Node) any {
	var value any
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, each := range n.Content {
			list = append(list, longForm(each))
		}
		value = list
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = longForm(n.Content[i+1])
		}
		value = m
	case yaml.ScalarNode:
		value = n.Value
	default:
		return nil
	}
	switch n.Tag {
	case "!Ref":
		return map[string]any{"Ref": value}
	case "!Sub":
		return map[string]any{"Fn::Sub": value}
	case "!GetAtt":
		target, attribute, _ := strings.Cut(n.Value, ".")
		return map[string]any{"Fn::GetAtt": []any{target, attribute}}
	}
	return value
}

func TestCallersReachEachFunctionThroughItsAliasAlone(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	uris := fmt.Sprint(s.property("Api", "Body", "paths"))
	for _, id := range s.ofType("AWS::Lambda::Function") {
		alias := id + "Aliaslive"
		version := s.property(alias, "FunctionVersion")
		if s.property(alias, "Name") != "live" || !strings.HasPrefix(fmt.Sprint(version), "<"+id+"Version") {
			t.Errorf("%s: the alias is %v", id, s.resources[alias].Properties)
		}
		if strings.Contains(uris, "<"+id+".Arn>") || id != "AuthorizerFunction" && !strings.Contains(uris, "functions/<"+alias+">/invocations") {
			t.Errorf("the gateway does not call %s by its alias", id)
		}
		if strings.Contains(fmt.Sprint(s.resources[alias].UpdatePolicy), id+"DeploymentGroup") != true {
			t.Errorf("%s: the alias moves at once: %v", id, s.resources[alias].UpdatePolicy)
		}
	}
	for _, id := range s.ofType("AWS::Lambda::Permission") {
		if function := fmt.Sprint(s.property(id, "FunctionName")); !strings.HasSuffix(function, "Aliaslive>") {
			t.Errorf("%s is for %s, and not for the alias", id, function)
		}
	}
}

func TestADeploymentGoesBackOnAnAlarmUnlessItIsAllAtOnce(t *testing.T) {
	for kind, alarms := range map[string]string{
		"":                            "[map[Name:<ServerErrorsAlarm>] map[Name:<AuthorizerFailuresAlarm>] map[Name:<FaultsAlarm>]]",
		"Linear10PercentEvery1Minute": "[map[Name:<ServerErrorsAlarm>] map[Name:<AuthorizerFailuresAlarm>] map[Name:<FaultsAlarm>]]",
		"AllAtOnce":                   "<nil>",
	} {
		var parameters []string
		if kind != "" {
			parameters = []string{"DeploymentType=" + kind}
		}
		s, ok := expand(t, parameters...)
		if !ok {
			return
		}
		if kind == "" {
			kind = "Canary10Percent10Minutes"
		}
		groups := s.ofType("AWS::CodeDeploy::DeploymentGroup")
		if len(groups) != len(s.ofType("AWS::Lambda::Function")) {
			t.Errorf("%s: %d groups", kind, len(groups))
		}
		for _, id := range groups {
			if got := s.property(id, "DeploymentConfigName"); got != "CodeDeployDefault.Lambda"+kind {
				t.Errorf("%s: %v", id, got)
			}
			if got := fmt.Sprint(s.property(id, "AlarmConfiguration", "Alarms")); got != alarms {
				t.Errorf("%s, %s: alarms %v", kind, id, got)
			}
			if back := fmt.Sprint(s.property(id, "AutoRollbackConfiguration")); !strings.Contains(back, "Enabled:true") || !strings.Contains(back, "DEPLOYMENT_STOP_ON_ALARM") {
				t.Errorf("%s goes back: %s", id, back)
			}
		}
	}
}

// A version is made when its description changes, or anything that the template says of its function. SAM reads no parameter's
// value for that, so the description has to; a parameter that changes nothing of the function must not be in it, as Lambda makes
// no version that differs from the last in nothing but that.
func TestAVersionIsMadeForEachNewValueThatItsFunctionDependsOnAndForNoOther(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	for _, id := range s.ofType("AWS::Lambda::Version") {
		function := strings.Trim(fmt.Sprint(s.property(id, "FunctionName")), "<>")
		properties := maps.Clone(s.raw.Resources[function].Properties)
		delete(properties, "ReservedConcurrentExecutions") // of the function, not of a version
		needed, named := s.parametersIn(properties), s.parametersIn(s.raw.Resources[id].Properties["Description"])
		needed["Tracing"] = true // "Disabled" is read by SAM and leaves no trace
		if !maps.Equal(needed, named) {
			t.Errorf("%s depends on %v, its VersionDescription names %v", function, slices.Sorted(maps.Keys(needed)), slices.Sorted(maps.Keys(named)))
		}
		if description := fmt.Sprint(s.property(id, "Description")); len(description) > 256 {
			t.Errorf("%s: a version's description has at most 256 characters: %s", id, description)
		}
		if s.resources[id].DeletionPolicy != "Retain" {
			t.Errorf("%s: an old version goes when a new one comes", id)
		}
	}
}

// parametersIn are the template's parameters that an unresolved value refers to.
func (s *stack) parametersIn(value any) map[string]bool {
	found := map[string]bool{}
	text := fmt.Sprint(value)
	for name := range s.raw.Parameters {
		if regexp.MustCompile(`Ref:` + name + `\b|\$\{` + name + `\}`).MatchString(text) {
			found[name] = true
		}
	}
	return found
}

func TestConcurrencyIsKeptForPasswordsOnlyIfAskedFor(t *testing.T) {
	for parameter, want := range map[string]any{"0": nil, "7": "7"} {
		s, ok := expand(t, "PasswordConcurrency="+parameter)
		if !ok {
			return
		}
		for _, id := range s.ofType("AWS::Lambda::Function") {
			if id != "RegisterFunction" && id != "LoginFunction" {
				want := any(nil)
				if got := s.property(id, "ReservedConcurrentExecutions"); got != want {
					t.Errorf("%s: %v", id, got)
				}
				continue
			}
			if got := s.property(id, "ReservedConcurrentExecutions"); got != want {
				t.Errorf("PasswordConcurrency %s, %s: %v", parameter, id, got)
			}
		}
	}
}

func TestWhatOutlivesTheStackAndHowLongLogsAreKept(t *testing.T) {
	s, ok := expand(t, "LogRetentionDays=90")
	if !ok {
		return
	}
	stays := []string{"AccountsTable", "SealingKey", "AccountLogSetting", "AccountLogWriter"}
	for id, r := range s.resources {
		want := slices.Contains(stays, id) || r.Type == "AWS::Lambda::Version"
		if (r.DeletionPolicy == "Retain") != want {
			t.Errorf("%s: %q when the stack goes", id, r.DeletionPolicy)
		}
		if r.Type == "AWS::Logs::LogGroup" && r.Properties["RetentionInDays"] != "90" {
			t.Errorf("%s is kept for %v days", id, r.Properties["RetentionInDays"])
		}
		if function := r.Type == "AWS::Lambda::Function"; function && !strings.HasSuffix(fmt.Sprint(s.property(id, "LoggingConfig", "LogGroup")), "Logs>") {
			t.Errorf("%s logs to %v", id, s.property(id, "LoggingConfig"))
		}
	}
	if s.property("AccountsTable", "DeletionProtectionEnabled") != true || s.property("AccountsTable", "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true {
		t.Error("AccountsTable can be deleted by a slip, or not be restored")
	}
}
