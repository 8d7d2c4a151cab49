package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"gopkg.in/yaml.v3"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/password"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/token"
	"sallyport/tools/contract"
	"sallyport/tools/operator/stack/stacktest"
)

// operate runs the command line.
func operate(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = realMain(context.Background(), args, output{&out, &err})
	return status, out.String(), err.String()
}

func TestAnInvitationRegistersAnAdminOnce(t *testing.T) {
	client := signedInToAWS(t, deployedStack())
	status, stdout, stderr := operate(t, "invite", "-role", "ADMIN", "-stack", "gate")
	if status != 0 || stderr != "" {
		t.Fatalf("exit %d: %s", status, stderr)
	}
	if !strings.Contains(stdout, "curl -sS https://api.example/prod/register ") {
		t.Errorf("no line to register with:\n%s", stdout)
	}
	code := regexp.MustCompile(`(?m)^ {4}([A-Z2-7]{26})$`).FindStringSubmatch(stdout)
	if code == nil {
		t.Fatalf("no invitation:\n%s", stdout)
	}
	registrar := registrarOn(t, client)
	admin, invitation := "ADMIN", secret.New(code[1])
	in := account.RegisterInput{Username: "first", Password: secret.New("correct horse battery"), Role: &admin, Invitation: &invitation}
	registered, err := registrar.Register(t.Context(), in)
	if err != nil || registered.Role != policy.Admin {
		t.Fatalf("registering with the printed invitation: %v", err)
	}
	in.Username = "second"
	if _, err := registrar.Register(t.Context(), in); apperr.CodeOf(err) != apperr.Forbidden {
		t.Errorf("registering with it twice: %v, want forbidden", err)
	}
}

func registrarOn(t *testing.T, client *dynamodb.Client) *account.Registrar {
	t.Helper()
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 19456, Time: 2})
	if err != nil {
		t.Fatal(err)
	}
	return &account.Registrar{
		Store:  accountstore.New(client, accountstore.Tables{Accounts: "gate-Accounts", Invitations: "gate-Invitations", Throttles: "gate-Throttles"}),
		Hasher: hasher, Sealer: unsealed{}, Strength: password.CheckStrength, Issuer: "test", Now: time.Now,
		Log: slog.New(slog.DiscardHandler), PerAddress: 100,
	}
}

// unsealed is an account.SecretSealer: what it seals is not looked at here.
type unsealed struct{}

func (unsealed) SealSecret(context.Context, token.ID, []byte) ([]byte, error) {
	return []byte("sealed"), nil
}

func TestTheInvitationLastsAsLongAsAskedFor(t *testing.T) {
	client := signedInToAWS(t, deployedStack())
	before := time.Now().Unix()
	if status, _, stderr := operate(t, "invite", "-role", "DEVELOPER", "-stack", "gate", "-expires", "2h"); status != 0 {
		t.Fatal(stderr)
	}
	table := "gate-Invitations"
	rows, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: &table})
	if err != nil || rows.Count != 1 {
		t.Fatalf("%v rows, %v", rows, err)
	}
	expires, ok := rows.Items[0]["expires_at"].(*types.AttributeValueMemberN)
	if !ok {
		t.Fatalf("no number expires_at in %v", rows.Items[0])
	}
	at, err := strconv.ParseInt(expires.Value, 10, 64)
	if late := at - before - 7200; err != nil || late < 0 || late > 60 {
		t.Errorf("expires_at %s, %d s off", expires.Value, late)
	}
}

func TestErrorsAreOneLineThatSaysWhatToDo(t *testing.T) {
	invite := []string{"invite", "-role", "ADMIN", "-stack", "gate"}
	roles := contract.RoleNames()
	last := len(roles) - 1
	for name, c := range map[string]struct {
		cloudFormation http.Handler
		environment    map[string]string
		args           []string
		want           string
	}{
		"no credentials": {
			environment: map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
			want:        "no AWS credentials: set AWS_PROFILE",
		},
		"no region":          {environment: map[string]string{"AWS_REGION": ""}, want: "no AWS region: set AWS_REGION"},
		"unknown profile":    {environment: map[string]string{"AWS_PROFILE": "nobody"}, want: "the AWS configuration is not usable"},
		"no such stack":      {args: []string{"invite", "-role", "ADMIN", "-stack", "other"}, want: `there is no stack "other" in eu-central-1`},
		"another's stack":    {cloudFormation: gateStack(nil), want: "is it a Sallyport stack, and fully deployed?"},
		"no permission":      {cloudFormation: stacktest.Refusal{Code: "AccessDenied", Message: "not authorized"}, want: "do not allow cloudformation:DescribeStacks"},
		"expired sign-in":    {cloudFormation: stacktest.Refusal{Code: "ExpiredToken", Message: "expired"}, want: "AWS does not accept your credentials (ExpiredToken): sign in again"},
		"another refusal":    {cloudFormation: stacktest.Refusal{Code: "Throttling", Message: "Rate exceeded"}, want: "cloudformation:DescribeStacks failed: Throttling: Rate exceeded"},
		"nobody there":       {environment: map[string]string{"AWS_ENDPOINT_URL_CLOUDFORMATION": "http://127.0.0.1:1"}, want: "connection refused"},
		"table not there":    {cloudFormation: gateStack(map[string]string{"ApiUrl": "https://x", "InvitationsTableName": "gone"}), want: "dynamodb:PutItem failed: ResourceNotFoundException"},
		"database not there": {environment: map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}, want: "dynamodb:PutItem failed"},
		"wrong role":         {args: []string{"invite", "-role", "admin", "-stack", "gate"}, want: `there is no role "admin": use ` + strings.Join(roles[:last], ", ") + " or " + roles[last]},
		"too long":           {args: []string{"invite", "-role", "ADMIN", "-stack", "gate", "-expires", "169h"}, want: "good for 1m to 168h"},
		"too short":          {args: []string{"invite", "-role", "ADMIN", "-stack", "gate", "-expires", "59s"}, want: "good for 1m to 168h"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.cloudFormation == nil {
				c.cloudFormation = deployedStack()
			}
			if c.args == nil {
				c.args = invite
			}
			signedInToAWS(t, c.cloudFormation)
			for name, value := range c.environment {
				t.Setenv(name, value)
			}
			status, stdout, stderr := operate(t, c.args...)
			if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit 1 and one line with %q", status, stdout, stderr, c.want)
			}
		})
	}
}

func TestWrongUsageIsExit2(t *testing.T) {
	for name, args := range map[string][]string{
		"no command":      {},
		"unknown command": {"shred"},
		"no stack":        {"invite", "-role", "ADMIN"},
		"no role":         {"invite", "-stack", "gate"},
		"unknown flag":    {"invite", "-rôle", "ADMIN"},
		"no duration":     {"invite", "-role", "ADMIN", "-stack", "gate", "-expires", "soon"},
		"an argument":     {"invite", "-role", "ADMIN", "-stack", "gate", "now"},

		"nobody to show":            {"show", "-stack", "gate"},
		"nobody to disable":         {"disable", "-stack", "gate"},
		"no role to give":           {"role", "-stack", "gate", "-user", "ana"},
		"nobody to revoke":          {"revoke", "-stack", "gate"},
		"somebody and everybody":    {"revoke", "-stack", "gate", "-user", "ana", "-everyone"},
		"everybody's one session":   {"revoke", "-stack", "gate", "-everyone", "-session", "x"},
		"no copy to restore from":   {"restore", "-stack", "gate", "-all"},
		"nobody to restore":         {"restore", "-stack", "gate", "-from", "copy"},
		"somebody and all restored": {"restore", "-stack", "gate", "-from", "copy", "-all", "-user", "ana"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, stdout, stderr := operate(t, args...); status != 2 || stdout != "" || stderr == "" {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit 2 with a hint", status, stdout, stderr)
			}
		})
	}
}

func TestHelpIsExit0(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"help"}, {"invite", "-h"}, {"role", "-h"}, {"revoke", "-h"}, {"restore", "-h"}, {"show", "-h"}, {"unthrottle", "-h"}} {
		if status, stdout, stderr := operate(t, args...); status != 0 || !strings.Contains(stdout+stderr, "Usage: go run ./tools/operator") {
			t.Errorf("%v: exit %d, %q", args, status, stdout+stderr)
		}
	}
}

func TestTheTemplateHasTheOutputsThatTheCommandsRead(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Outputs map[string]yaml.Node `yaml:"Outputs"`
	}
	if err := yaml.Unmarshal(content, &template); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{outputURL, outputInvitations, outputAccounts, outputTokens, outputThrottles, outputDataKeys} {
		if _, ok := template.Outputs[name]; !ok {
			t.Errorf("template.yaml has no output %s", name)
		}
	}
}
