package expanded_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

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
		if !strings.Contains(fmt.Sprint(s.resources[alias].UpdatePolicy), id+"DeploymentGroup") {
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
			if id != "RegisterFunction" && id != "LoginFunction" && id != "EnrolFunction" {
				if got := s.property(id, "ReservedConcurrentExecutions"); got != nil {
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
