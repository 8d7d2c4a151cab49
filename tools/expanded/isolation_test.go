package expanded_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// named are the properties that give a resource a name of its own within an account and region, or beyond.
var named = []string{
	"AlarmName", "AliasName", "ApplicationName", "DashboardName", "DeploymentGroupName", "DomainName", "FilterName", "FunctionName",
	"LogGroupName", "Name", "PolicyName", "RoleName", "TableName", "TopicName",
}

// withinAnother are resources whose name is one within a resource of the stack.
var withinAnother = []string{"AWS::Lambda::Alias"}

// Two stages are two stacks. What has a name has it from the stack's name, or is told by CloudFormation; and no metric is shared,
// even if both stacks call their stage alike.
func TestTwoStacksInOneAccountShareNothingButTheAccountsLogSetting(t *testing.T) {
	parameters := []string{"Firewall=enabled"}
	one, ok := expandAs(t, "auth", parameters...)
	if !ok {
		return
	}
	other, _ := expandAs(t, "auth-test", parameters...)
	for id, r := range one.resources {
		for _, property := range named {
			name, given := r.Properties[property].(string)
			if !given || strings.HasPrefix(name, "<") || slices.Contains(withinAnother, r.Type) {
				continue
			}
			if name == other.resources[id].Properties[property] {
				t.Errorf("%s: both stacks call it %s", id, name)
			}
		}
	}
	for _, id := range one.ofType("AWS::CloudWatch::Alarm") {
		dimensions, metrics := one.property(id, "Dimensions"), one.property(id, "Metrics")
		if dimensions != nil && reflect.DeepEqual(dimensions, other.property(id, "Dimensions")) {
			t.Errorf("%s reads the same metric in both stacks: %v", id, dimensions)
		}
		if dimensions == nil && strings.Count(fmt.Sprint(metrics), "MetricStat") != strings.Count(fmt.Sprint(metrics), "Value:<") {
			t.Errorf("%s reads a metric of no resource of the stack: %v", id, metrics)
		}
	}
	for _, each := range []*stack{one, other} {
		if got := each.property("WebFirewall", "VisibilityConfig", "MetricName"); got != each.name {
			t.Errorf("the firewall's metric is called %v in %s", got, each.name)
		}
	}
	if got := slices.Sorted(maps.Keys(one.resources)); !slices.Equal(got, slices.Sorted(maps.Keys(other.resources))) {
		t.Errorf("the stacks differ: %v", got)
	}
}
