package expanded_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Dimensions that alarms read. Each has the stack's name in it.
var (
	own     = map[string]any{"stage": "prod", "stack": "auth"}
	gateway = map[string]any{"ApiName": "auth", "Stage": "prod"}
)

func TestThereIsAnAlarmForEachCause(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	for id, want := range map[string]struct {
		metric     string
		dimensions map[string]any
		statistic  string
		of, to     float64 // how many periods are looked at, and how many of them must be bad
		threshold  float64
	}{
		"ServerErrorsAlarm":       {"AWS/ApiGateway 5XXError", gateway, "Sum", 5, 3, 1},
		"LatencyAlarm":            {"AWS/ApiGateway Latency", gateway, "p99", 3, 3, 3000},
		"AuthorizerFailuresAlarm": {"Sallyport AuthorizerFailures", own, "Sum", 5, 3, 1},
		"RecordMismatchAlarm":     {"Sallyport RecordMismatches", own, "Sum", 1, 1, 1},
		"FaultsAlarm":             {"Sallyport Alarms", own, "Sum", 1, 1, 1},
		"AuditErrorsAlarm":        {"Sallyport AuditErrors", own, "Sum", 1, 1, 1},
		"KeyErrorsAlarm":          {"Sallyport KeyErrors", own, "Sum", 5, 2, 1},
		"TableErrorsAlarm":        {"Sallyport TableErrors", own, "Sum", 5, 2, 1},
	} {
		p := s.resources[id].Properties
		if got := fmt.Sprint(p["Namespace"], " ", p["MetricName"]); got != want.metric {
			t.Errorf("%s looks at %s", id, got)
		}
		if got := pairs(p["Dimensions"], "Name", "Value"); !reflect.DeepEqual(got, want.dimensions) {
			t.Errorf("%s: dimensions %v", id, got)
		}
		statistic := p["Statistic"]
		if statistic == nil {
			statistic = p["ExtendedStatistic"]
		}
		if statistic != want.statistic || p["EvaluationPeriods"] != want.of || p["DatapointsToAlarm"] != want.to || p["Threshold"] != want.threshold {
			t.Errorf("%s: %v, %v of %v periods, threshold %v", id, statistic, p["DatapointsToAlarm"], p["EvaluationPeriods"], p["Threshold"])
		}
	}
	for _, id := range s.ofType("AWS::CloudWatch::Alarm") {
		p := s.resources[id].Properties
		if p["TreatMissingData"] != "notBreaching" || p["ComparisonOperator"] != "GreaterThanOrEqualToThreshold" || p["AlarmDescription"] == nil {
			t.Errorf("%s: %v", id, p)
		}
		if low := p["EvaluateLowSampleCountPercentile"]; low != nil && low != "evaluate" {
			t.Errorf("%s does not look at few requests (%v): on a small stack it never goes off, nor back", id, low)
		}
		if text := fmt.Sprint(p); strings.Contains(text, "AWS/Lambda") && strings.Contains(text, "MetricName:Errors") {
			t.Errorf("%s counts refused tokens, which are Lambda errors of the authorizer", id)
		}
	}
	throttled := fmt.Sprint(s.property("ThrottledFunctionsAlarm", "Metrics"))
	for _, function := range []string{"Authorizer", "Register", "Login", "VerifyOtp", "Enrol", "Introspect", "Revoke", "ReportToken"} {
		if !strings.Contains(throttled, "Value:<"+function+"Function>") {
			t.Errorf("nobody hears of it when %s is throttled", function)
		}
	}
}

// pairs reads a list of names with values.
func pairs(list any, name, value string) map[string]any {
	found := map[string]any{}
	for _, each := range list.([]any) {
		pair := each.(map[string]any)
		found[fmt.Sprint(pair[name])] = pair[value]
	}
	return found
}

func TestAlarmsTellTheTopicIfThereIsOne(t *testing.T) {
	topic := "arn:aws:sns:us-east-1:123456789012:on-call"
	for parameter, want := range map[string]any{"": nil, topic: []any{topic}} {
		s, ok := expand(t, "AlarmTopicArn="+parameter)
		if !ok {
			return
		}
		for _, id := range s.ofType("AWS::CloudWatch::Alarm") {
			for _, actions := range []string{"AlarmActions", "OKActions"} {
				if got := s.property(id, actions); !reflect.DeepEqual(got, want) {
					t.Errorf("topic %q, %s: %s %v", parameter, id, actions, got)
				}
			}
		}
	}
}

func TestEachMetricOfOursThatAnAlarmReadsIsCountedUnderTheAlarmsDimensions(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	counted := []any{"Alarms", "AuditErrors"} // functions write these in their lines; the dimensions are tested in shared/apigw
	for _, id := range s.ofType("AWS::Logs::MetricFilter") {
		for _, each := range s.property(id, "MetricTransformations").([]any) {
			transformation := each.(map[string]any)
			counted = append(counted, transformation["MetricName"])
			if got := pairs(transformation["Dimensions"], "Key", "Value"); !reflect.DeepEqual(got, map[string]any{"stage": "$.stage", "stack": "$.stack"}) || transformation["MetricNamespace"] != "Sallyport" {
				t.Errorf("%s: %v", id, transformation)
			}
		}
	}
	for _, id := range s.ofType("AWS::CloudWatch::Alarm") {
		p := s.resources[id].Properties
		if p["Namespace"] == "Sallyport" && !slices.Contains(counted, p["MetricName"]) {
			t.Errorf("%s reads %v, which nothing counts", id, p["MetricName"])
		}
	}
}

// Whoever calls one of our tables or the key has its failures counted.
func TestTheFailuresOfEveryFunctionThatUsesATableOrTheKeyAreCounted(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	for _, id := range s.ofType("AWS::Lambda::Function") {
		policies, name := fmt.Sprint(s.property(id+"Role", "Policies")), strings.TrimSuffix(id, "Function")
		for resource, metric := range map[string]string{`<(Accounts|Challenges|Tokens|DataKeys|Invitations|Throttles|Clients)Table\.Arn>`: "TableErrors", `<SealingKey\.Arn>`: "KeyErrors"} {
			filter := name + metric + "Count"
			_, counted := s.resources[filter]
			// The others write to Audit at most, which AuditErrors counts.
			reads := id == "AuditEventsFunction" && metric == "TableErrors"
			if uses := reads || regexp.MustCompile(resource).MatchString(policies); uses != counted {
				t.Errorf("%s: uses %s: %v, its failures are counted: %v", id, resource, uses, counted)
			}
			if counted && s.property(filter, "LogGroupName") != s.property(id, "LoggingConfig", "LogGroup") {
				t.Errorf("%s reads %v", filter, s.property(filter, "LogGroupName"))
			}
		}
	}
}

func TestWithoutADashboardNothingOfItIsMade(t *testing.T) {
	s, ok := expand(t, "Dashboard=disabled")
	if !ok {
		return
	}
	if made := s.ofType("AWS::CloudWatch::Dashboard"); len(made) != 0 {
		t.Errorf("%v", made)
	}
	if url := s.output("DashboardUrl"); url != nil {
		t.Errorf("there is no dashboard, and its URL is %v", url)
	}
}

func TestTheDashboardIsJSONAndShowsThisStackAlone(t *testing.T) {
	s, ok := expand(t)
	if !ok {
		return
	}
	var body struct {
		Widgets []struct {
			Type       string
			Properties struct {
				Title, Region, Query string
				Alarms               []string
				Metrics              [][]any
			}
		}
	}
	text := s.property("OperationsDashboard", "DashboardBody").(string)
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if name := s.property("OperationsDashboard", "DashboardName"); name != nil {
		t.Errorf("dashboards of all regions share their names; this one is called %v", name)
	}
	for _, widget := range body.Widgets {
		for _, metric := range widget.Properties.Metrics {
			if line := fmt.Sprint(metric); !strings.Contains(line, "auth") && !strings.Contains(line, "<") {
				t.Errorf("%q shows %s, of any stack", widget.Properties.Title, line)
			}
		}
		if widget.Type == "alarm" && len(widget.Properties.Alarms) != len(s.ofType("AWS::CloudWatch::Alarm")) {
			t.Errorf("it shows %d alarms of %d", len(widget.Properties.Alarms), len(s.ofType("AWS::CloudWatch::Alarm")))
		}
		if sources := strings.Count(widget.Properties.Query, "SOURCE '"); widget.Type == "log" && (sources == 0 || sources != strings.Count(widget.Properties.Query, "SOURCE '<")) {
			t.Errorf("%q reads logs that are not the stack's: %s", widget.Properties.Title, widget.Properties.Query)
		}
		for _, id := range s.ofType("AWS::Lambda::Function") {
			if log := fmt.Sprintf("SOURCE '%v'", s.property(id, "LoggingConfig", "LogGroup")); widget.Type == "log" && !strings.Contains(widget.Properties.Query, log) {
				t.Errorf("%q does not read the log of %s: EveryLog in template.yaml lists them", widget.Properties.Title, id)
			}
		}
	}
}
