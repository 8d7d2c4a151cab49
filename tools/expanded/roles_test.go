package expanded_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// basicExecution allows logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents on "*". AWS Managed Policy Reference,
// "AWSLambdaBasicExecutionRole".
const basicExecution = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"

func TestEachRoleMayDoWhatIsWrittenAndWriteLogsAndNothingElse(t *testing.T) {
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

// longForm turns short intrinsic functions (!Ref x) into long ones.
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
		if n.Tag == "!!bool" {
			value = n.Value == "true"
		}
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
