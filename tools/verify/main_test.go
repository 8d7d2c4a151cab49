package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/tools/contract"
	"sallyport/tools/local/awsjson"
	"sallyport/tools/local/template"
	"sallyport/tools/operator/stack/stacktest"
)

// commandLine runs the program.
func commandLine(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = realMain(t.Context(), args, &out, &err)
	return status, out.String(), err.String()
}

func stateFile(t *testing.T, content any) string {
	t.Helper()
	encoded, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(path, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAStateFileIsEnough(t *testing.T) {
	t.Parallel()
	s := startService(t, nil)
	status, stdout, stderr := commandLine(t, "-state", stateFile(t, s.state))
	if status != 0 || stderr != "" || !strings.Contains(stdout, " 0 failed, 0 not looked at\n") {
		t.Errorf("exit %d, %s\n%s", status, stderr, stdout)
	}
}

func TestSamLocalIsFoundInTheStateFileToo(t *testing.T) {
	t.Parallel()
	s := startService(t, broken(asSamLocal))
	s.state.SAMURL, s.state.URL = s.state.URL, "http://127.0.0.1:1"
	status, stdout, stderr := commandLine(t, "-sam-local", "-state", stateFile(t, s.state))
	if status != 0 || stderr != "" || !strings.Contains(stdout, " 0 failed, 0 not looked at\n") {
		t.Errorf("exit %d, %s\n%s", status, stderr, stdout)
	}
	s.state.SAMURL = ""
	if status, _, stderr = commandLine(t, "-sam-local", "-state", stateFile(t, s.state)); status != 1 || !strings.Contains(stderr, "start one with make sam-local\n") {
		t.Errorf("without one: exit %d, %s", status, stderr)
	}
}

func TestAFailedStepIsExit1(t *testing.T) {
	t.Parallel()
	s := startService(t, nil)
	s.state.AdminInvitation = "USED"
	status, stdout, _ := commandLine(t, "-state", stateFile(t, s.state))
	if status != 1 || !strings.Contains(stdout, "got 403 (Do otherwise.): is the invitation for ADMIN, unused and unexpired?\n") {
		t.Errorf("exit %d\n%s", status, stdout)
	}
}

func TestADeployedStacksTablesAreFoundThroughCloudFormation(t *testing.T) {
	s := startService(t, nil)
	outputs := map[string]string{"SealingKeyArn": "arn:aws:kms:" + template.Region + ":" + template.AccountID + ":key/" + s.state.KMSKeyID}
	for name, table := range s.state.Tables {
		outputs[name+"TableName"] = table
	}
	cloudFormation := serve(t, stacktest.Stack{Name: "gate", Outputs: outputs, Parameters: map[string]string{"Stage": "prod"}})
	for name, value := range map[string]string{
		"AWS_REGION": template.Region, "AWS_PROFILE": "", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_SESSION_TOKEN": "",
		"AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ENDPOINT_URL_CLOUDFORMATION": cloudFormation, "AWS_ENDPOINT_URL_DYNAMODB": s.state.DynamoDBURL, "AWS_ENDPOINT_URL_KMS": s.state.KMSURL,
	} {
		t.Setenv(name, value)
	}
	status, stdout, stderr := commandLine(t, "-url", s.state.URL+"/", "-invitation", s.state.AdminInvitation, "-stack", "gate")
	if status != 0 || !strings.Contains(stdout, " 0 failed, 0 not looked at\n") {
		t.Errorf("exit %d, %s\n%s", status, stderr, stdout)
	}
}

func TestAKeyThatTheOperatorMayNotUseIsNotLookedAt(t *testing.T) {
	t.Parallel()
	s := startService(t, nil)
	s.kms.Intercept(func(call awsjson.Call) error {
		if call.AccessKeyID == "operator" {
			return &awsjson.Error{Code: "AccessDeniedException", Message: "not authorized to perform: kms:Decrypt"}
		}
		return nil
	})
	to := s.target()
	operators := *s.store
	operators.keys = kms.New(kms.Options{
		Region: localRegion, BaseEndpoint: &s.state.KMSURL, Credentials: credentials.NewStaticCredentialsProvider("operator", "x", ""),
	})
	to.store = &operators
	passed, output, _ := verify(t, to)
	if !passed || strings.Count(output, "not looked at  ") != 2 || !strings.Contains(output, " 0 failed, 2 not looked at\n") {
		t.Errorf("want the two steps that need the key to be not looked at:\n%s", output)
	}
}

func TestTheLocalRegionIsThatOfTheLocalRun(t *testing.T) {
	t.Parallel()
	if localRegion != template.Region {
		t.Errorf("%s, want %s", localRegion, template.Region)
	}
}

func TestWhatCannotBeginIsOneLineThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	complete := func(change func(*state)) state {
		s := state{
			URL: "http://127.0.0.1:1", AdminInvitation: "X", DynamoDBURL: "http://127.0.0.1:1", KMSURL: "http://127.0.0.1:1", KMSKeyID: "k",
			Tables: map[string]string{},
		}
		for _, name := range tableNames() {
			s.Tables[name] = name
		}
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"no state file": {[]string{"-state", "none.json"}, 1, "there is no none.json: start the system with make dev, or give -url"},
		"another file":  {[]string{"-state", "main.go"}, 1, "main.go is not a state file"},
		"no tables":     {[]string{"-state", stateFile(t, complete(func(s *state) { s.Tables = nil }))}, 1, "names no table Accounts"},
		"no key":        {[]string{"-state", stateFile(t, complete(func(s *state) { s.KMSKeyID = "" }))}, 1, "kms_key_id"},
		"no URL":        {[]string{"-state", stateFile(t, complete(func(s *state) { s.URL = "" }))}, 1, "is not the URL of an API"},
		"a bare host":   {[]string{"-url", "api.example", "-invitation", "X"}, 1, "must begin with http:// or https://"},
		"no invitation": {[]string{"-url", "https://api.example"}, 2, "-url needs -invitation"},
		"no url":        {[]string{"-invitation", "X"}, 2, "-invitation goes with -url"},
		"stack alone":   {[]string{"-stack", "gate"}, 2, "-stack goes with -url"},
		"two places":    {[]string{"-url", "https://api.example", "-stack", "gate", "-state", "x"}, 2, "give one of them"},
		"an argument":   {[]string{"now"}, 2, `unexpected argument "now"`},
	} {
		status, stdout, stderr := commandLine(t, c.args...)
		if status != c.status || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit %d, stdout %q, stderr %q; want exit %d and one line with %q", name, status, stdout, stderr, c.status, c.want)
		}
	}
	status, stdout, _ := commandLine(t, "-state", stateFile(t, complete(func(*state) {})))
	if status != 1 || !strings.Contains(stdout, ": nothing answers on http://127.0.0.1:1: start it with make dev\n") {
		t.Errorf("nobody there: exit %d\n%s", status, stdout)
	}
	if status, _, stderr := commandLine(t, "-h"); status != 0 || !strings.Contains(stderr, "Usage: go run ./tools/verify") {
		t.Errorf("-h: exit %d, %q", status, stderr)
	}
}

func TestARunThatIsStoppedSaysSo(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	s := startService(t, func(_ *service, honest http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			stop()
			honest.ServeHTTP(w, r)
		})
	})
	var out, errors bytes.Buffer
	status := realMain(ctx, []string{"-state", stateFile(t, s.state)}, &out, &errors)
	if status != 1 || !strings.Contains(out.String(), "The run ended early (context canceled): ") {
		t.Errorf("exit %d\n%s", status, out.String())
	}
}

func TestTheMatrixHasEveryProtectedRouteOfTheTemplate(t *testing.T) {
	t.Parallel()
	stack, err := template.Load(filepath.Join("..", "..", "template.yaml"), template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var inTemplate, inMatrix []string
	for _, to := range stack.API.Routes {
		if to.Authorized {
			inTemplate = append(inTemplate, to.Method+" "+to.Resource)
		}
	}
	for _, to := range contract.Routes() {
		inMatrix = append(inMatrix, to.Method+" "+to.Template())
	}
	slices.Sort(inTemplate)
	slices.Sort(inMatrix)
	if !slices.Equal(inTemplate, inMatrix) {
		t.Errorf("template.yaml protects %v, the matrix has %v", inTemplate, inMatrix)
	}
	var tables []string
	for _, table := range stack.Tables {
		tables = append(tables, strings.TrimSuffix(table.LogicalID, "Table"))
	}
	if known := slices.Sorted(slices.Values(tableNames())); !slices.Equal(slices.Sorted(slices.Values(tables)), known) {
		t.Errorf("template.yaml has the tables %v, verify looks at %v", tables, known)
	}
}
