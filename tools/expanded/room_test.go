package expanded_test

import (
	"fmt"
	"strings"
	"testing"
)

// Limits of what a stack declares and of what its dashboard asks.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html (Resources, Parameters, Outputs: what is declared
// counts, made or not)
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html: up to 50 log groups in one query
const (
	maxResources  = 500
	maxParameters = 200
	maxOutputs    = 200
	maxLogGroups  = 50
)

// room is what must be left of a limit of 500 for whoever adopts the system: some seven functions.
const room = 60

func TestTheStackHasRoomForRoutesOfOnesOwn(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	t.Logf("%d of %d resources for %d functions", len(s.raw.Resources), maxResources, len(s.ofType("AWS::Lambda::Function")))
	if n := len(s.raw.Resources); n > maxResources-room {
		t.Errorf("%d resources are declared, of which a stack may have %d: split it before it grows on", n, maxResources)
	}
	if n := len(s.raw.Parameters); n > maxParameters-20 {
		t.Errorf("%d of %d parameters", n, maxParameters)
	}
	if n := len(s.raw.Outputs); n > maxOutputs-20 {
		t.Errorf("%d of %d outputs", n, maxOutputs)
	}
	if n := len(s.ofType("AWS::Logs::LogGroup")); n > maxLogGroups-5 {
		t.Errorf("%d log groups: a query over all of them may name %d", n, maxLogGroups)
	}
}

// docs/adopting.md says what a function costs.
func TestAFunctionIsSevenResourcesAndItsMetricFilters(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	for _, function := range s.ofType("AWS::Lambda::Function") {
		logs := strings.Trim(fmt.Sprint(s.property(function, "LoggingConfig", "LogGroup")), "<>")
		own, filters := 0, 0
		for id, r := range s.resources {
			switch {
			case id == logs, strings.HasPrefix(id, function):
				own++
			case r.Type == "AWS::Logs::MetricFilter" && fmt.Sprint(r.Properties["LogGroupName"]) == "<"+logs+">":
				filters++
			}
		}
		want := 7
		if function == "AuthorizerFunction" {
			want = 6 // no route, and so no permission of its own
		}
		if own != want {
			t.Errorf("%s is %d resources, and %d metric filters", function, own, filters)
		}
	}
}
