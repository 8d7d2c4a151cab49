package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sallyport/tools/workcopy"
)

// edit replaces the first match of a pattern.
func edit(pattern, replacement string) func(string) string {
	return func(text string) string {
		find := regexp.MustCompile(`(?m)` + pattern)
		at := find.FindStringIndex(text)
		if at == nil {
			return text
		}
		return text[:at[0]] + find.ReplaceAllString(text[at[0]:at[1]], replacement) + text[at[1]:]
	}
}

func TestATemplateEditedWronglyStopsTheRunAndTheTests(t *testing.T) {
	changed := workcopy.New(t, "../..")
	original := changed.Read(t, "template.yaml")
	tests := filepath.Join(t.TempDir(), "policy.test")
	if output, err := changed.Go(t.Context(), "test", "-c", "-o", tests, "./shared/policy"); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for what, c := range map[string]struct {
		edit func(string) string
		at   string // the beginning of the line that is named
		says string
	}{
		"an authorizer that is no function": {
			edit(`FunctionArn: (.*)AuthorizerFunction`, "FunctionArn: ${1}AuthoriserFunction"), "            FunctionArn:",
			`Api: it refers to "AuthoriserFunction", which is neither a parameter nor a resource`,
		},
		"an authorizer that is no function of the template": {
			edit(`FunctionArn: .*$`, "FunctionArn: arn:aws:lambda:us-east-1:123456789012:function:other"), "            FunctionArn:",
			"Api: the authorizer TokenAuthorizer names no function of this template",
		},
		"an event of an API that is not there": {
			edit(`(  DashboardFunction:\n(?s:.*?))RestApiId: !Ref Api$`, "${1}RestApiId: !Ref MainApi"), "            RestApiId: !Ref MainApi",
			`DashboardFunction: it refers to "MainApi", which is neither a parameter nor a resource`,
		},
		"a handler folder that is not there": {
			edit(`CodeUri: functions/dashboard$`, "CodeUri: functions/dashbord"), "      CodeUri: functions/dashbord",
			`DashboardFunction: CodeUri "functions/dashbord" is not a folder`,
		},
		"a Ref in an environment": {
			edit(`CHALLENGES_TABLE: !Ref \w+`, "CHALLENGES_TABLE: !Ref ChallengeTable"), "          CHALLENGES_TABLE: !Ref ChallengeTable",
			`LoginFunction: it refers to "ChallengeTable", which is neither a parameter nor a resource`,
		},
		"a Ref in what is not served here": {
			edit(`LogGroup: !Ref DashboardLogs`, "LogGroup: !Ref DashbordLogs"), "        LogGroup: !Ref DashbordLogs",
			`DashboardFunction: it refers to "DashbordLogs", which is neither a parameter nor a resource`,
		},
		"a name in a text": {
			edit(`!Sub https://\$\{Api\}`, "!Sub https://$${MainApi}"), "      - !Sub https://${MainApi}",
			`ApiUrl: it refers to "MainApi", which is neither a parameter nor a resource`,
		},
		"a policy that names no table": {
			edit(`(  InvitationsFunction:\n(?s:.*?))Resource: !GetAtt InvitationsTable.Arn`, "${1}Resource: !GetAtt InvitationTable.Arn"), "              Resource: !GetAtt InvitationTable.Arn",
			`InvitationsFunction: it refers to "InvitationTable", which is neither a parameter nor a resource`,
		},
		"a policy that names something else": {
			edit(`(  InvitationsFunction:\n(?s:.*?))Resource: !GetAtt InvitationsTable.Arn`, "${1}Resource: !GetAtt InvitationsLogs.Arn"), "              Resource: !GetAtt InvitationsLogs.Arn",
			"InvitationsFunction: InvitationsLogs has the type AWS::Logs::LogGroup, which has no local stand-in",
		},
		"a policy that names a key for what is done to a table": {
			edit(`(  InvitationsFunction:\n(?s:.*?))Action: (.*)\n( +)Resource: !GetAtt InvitationsTable.Arn`, "${1}Action: ${2} # here\n${3}Resource: !GetAtt SealingKey.Arn"), "              Action: [dynamodb:PutItem] # here",
			"InvitationsFunction: the statement Invitations names no table for dynamodb:PutItem",
		},
		"a policy that names another stack's table": {
			edit(`(  InvitationsFunction:\n(?s:.*?))Resource: !GetAtt InvitationsTable.Arn`, "${1}Resource: !Sub arn:$${AWS::Partition}:dynamodb:$${AWS::Region}:$${AWS::AccountId}:table/Invitations"), "              Resource: !Sub arn:${AWS::Partition}:dynamodb",
			`InvitationsFunction: the statement Invitations has the Resource "arn:aws:dynamodb:us-east-1:123456789012:table/Invitations", which is no table, key or function of this template`,
		},
		"a condition that is not declared": {
			edit(`DisableExecuteApiEndpoint: !If \[HasDomain`, "DisableExecuteApiEndpoint: !If [HasDomian"), "      DisableExecuteApiEndpoint: !If [HasDomian",
			`Api: the condition "HasDomian" is not declared`,
		},
		"what SAM does not make of a function": {
			edit(`FunctionName: !Ref AuthorizerFunction.Alias$`, "FunctionName: !Ref AuthorizerFunction.Alais"), "      FunctionName: !Ref AuthorizerFunction.Alais",
			`AuthorizerPermission: it refers to "AuthorizerFunction.Alais", which SAM does not make of AuthorizerFunction`,
		},
		"logs that an API does not have": {
			edit(`DestinationArn: !GetAtt AccessLogs.Arn`, "DestinationArn: !GetAtt ApiLogs.Arn"), "        DestinationArn: !GetAtt ApiLogs.Arn",
			`Api: it refers to "ApiLogs", which is neither a parameter nor a resource`,
		},
		"a protected route without a rule": {
			edit(`Path: /dashboard$`, "Path: /dashbord"), "        Dashboard:",
			"DashboardFunction: GET /dashbord is protected, but shared/policy has no rule for it, so nobody could call it",
		},
		"a route that is open, with a rule": {
			edit(`Path: /dashboard$`, "Path: /dashboard\n            Auth: {Authorizer: NONE}"), "        Dashboard:",
			"DashboardFunction: GET /dashboard is open to everybody, but shared/policy has a rule for it",
		},
		"an API without a name": {
			edit(`^(  +)SallyportApi: .*$`, "${1}Other: x"), "  Api:", "Api: it does not say what the policy calls it",
		},
		"a rule without a route": {
			edit(`Path: /dashboard$`, "Path: /dashboard/me\n            Auth: {Authorizer: NONE}"), "  Api:",
			"Api: there is no route GET /dashboard, but shared/policy has a rule for it",
		},
	} {
		t.Run(what, func(t *testing.T) {
			text := c.edit(original)
			at := strings.Index(text, "\n"+c.at)
			if text == original || at < 0 {
				t.Fatal("the template has changed: this test no longer edits what it means to")
			}
			changed.Write(t, "template.yaml", text)
			want := fmt.Sprintf("template.yaml:%d: %s; ", strings.Count(text[:at+1], "\n")+1, c.says)

			command := exec.CommandContext(t.Context(), os.Getenv("LOCAL_TEST_PROGRAM"), "-addr", "127.0.0.1:0", "-state", filepath.Join(t.TempDir(), "state.json"))
			command.Dir = changed.Root
			output, err := command.CombinedOutput()
			if command.ProcessState.ExitCode() != 1 || !strings.HasPrefix(string(output), "local: "+want) || strings.Count(string(output), "\n") != 1 {
				t.Errorf("the run: %v\n%s\nwant exit status 1 and the one line\nlocal: %s…", err, output, want)
			}

			command = exec.CommandContext(t.Context(), tests, "-test.run=^(TestTheTableAndTheTemplateNameTheSameRoutes|TestTheAPICallsItselfWhatThePolicyCallsIt)$")
			command.Dir = filepath.Join(changed.Root, "shared", "policy")
			output, err = command.CombinedOutput()
			if err == nil || !strings.Contains(string(output), want) || strings.Contains(string(output), "panic") {
				t.Errorf("the test: %v\n%s\nwant a failure that says\n%s…", err, output, want)
			}
		})
	}
}

func TestAnAttachedTemplateThatDoesNotFitIsRefusedInOneLine(t *testing.T) {
	const file = "docs/examples/other-api/template.yaml"
	changed := workcopy.New(t, "../..")
	original := changed.Read(t, file)
	for what, c := range map[string]struct {
		edit func(string) string
		says string
	}{
		"no rule":           {func(text string) string { return text }, "NotesFunction: GET /notes is protected, but shared/policy has no rule for it, so nobody could call it; "},
		"no name":           {edit(`SallyportApi: notes`, "Other: notes"), "NotesApi: it does not say what the policy calls it; "},
		"this API's name":   {edit(`SallyportApi: notes`, "SallyportApi: sallyport"), "NotesApi: it does not say what the policy calls it; "},
		"the same function": {edit(`^  NotesFunction:`, "  DashboardFunction:"), "DashboardFunction: the other template has that logical id too; "},
		"no parameter":      {edit(`^  AuthorizerFunctionArn:(?s:.*?)    Description:`, "  Other:\n    Type: String\n    Default: a\n    Description:"), "AuthorizerFunctionArn: the template has no such parameter; "},
		"another function":  {edit(`FunctionArn: !Ref AuthorizerFunctionArn`, "FunctionArn: arn:aws:lambda:us-east-1:123456789012:function:other"), "NotesApi: the authorizer Sallyport names no function of this template; "},
	} {
		changed.Write(t, file, c.edit(original))
		command := exec.CommandContext(t.Context(), os.Getenv("LOCAL_TEST_PROGRAM"), "-addr", "127.0.0.1:0", "-attach", file,
			"-state", filepath.Join(t.TempDir(), "state.json"))
		command.Dir = changed.Root
		output, err := command.CombinedOutput()
		text := string(output)
		if command.ProcessState.ExitCode() != 1 || !strings.HasPrefix(text, "local: "+file+":") || !strings.Contains(text, c.says) || strings.Count(text, "\n") != 1 {
			t.Errorf("%s: %v\n%s\nwant exit status 1 and one line that says %s", what, err, text, c.says)
		}
	}
}

func TestAPolicyThatDoesNotCompileStopsTheRunInOneLine(t *testing.T) {
	changed := workcopy.New(t, "../..")
	changed.Replace(t, "shared/policy/policy.go", "\nconst Own =", "\nvar _ = undefinedName\n\nconst Own =")
	line := strings.Count(strings.Split(changed.Read(t, "shared/policy/policy.go"), "undefinedName")[0], "\n") + 1
	command := exec.CommandContext(t.Context(), os.Getenv("LOCAL_TEST_PROGRAM"), "-addr", "127.0.0.1:0", "-state", filepath.Join(t.TempDir(), "state.json"))
	command.Dir = changed.Root
	output, err := command.CombinedOutput()
	want := fmt.Sprintf("local: tools/routes, which lists the policy's rules, does not run: shared/policy/policy.go:%d:9: undefined: undefinedName\n", line)
	if command.ProcessState.ExitCode() != 1 || string(output) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, output, want)
	}
}

func TestWithoutGoTheRunSaysWhatToInstall(t *testing.T) {
	for what, template := range map[string]string{"with rules to list": "../../template.yaml", "without": "testdata/template.yaml"} {
		command := exec.CommandContext(t.Context(), os.Getenv("LOCAL_TEST_PROGRAM"), "-addr", "127.0.0.1:0", "-template", template,
			"-state", filepath.Join(t.TempDir(), "state.json"))
		command.Env = []string{"PATH=" + t.TempDir(), "HOME=" + t.TempDir()}
		output, err := command.CombinedOutput()
		text := strings.TrimPrefix(string(output), "Building 4 functions…\n")
		if command.ProcessState.ExitCode() != 1 || text != "local: the go command is not in PATH: install Go (https://go.dev/dl) and try again\n" {
			t.Errorf("%s: %v\n%s", what, err, output)
		}
	}
}
