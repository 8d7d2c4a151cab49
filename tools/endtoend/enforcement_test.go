package endtoend_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"sallyport/tools/endtoend"
	"sallyport/tools/local/template"
)

// environment is what a process of the function was started with.
func environment(t *testing.T, runner *endtoend.Runner, function string) map[string]string {
	t.Helper()
	pids, err := runner.Processes(function)
	if err != nil || len(pids) == 0 {
		t.Fatalf("no process of %s: %v", function, err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pids[0]))
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for variable := range strings.SplitSeq(string(text), "\x00") {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
	}
	return variables
}

// intruder calls as a function that has been taken over: with its credentials, at its endpoints.
type intruder struct {
	database *dynamodb.Client
	keys     *kms.Client
}

func intrude(t *testing.T, runner *endtoend.Runner, function string) intruder {
	t.Helper()
	e := environment(t, runner, function)
	provider := credentials.NewStaticCredentialsProvider(e["AWS_ACCESS_KEY_ID"], e["AWS_SECRET_ACCESS_KEY"], e["AWS_SESSION_TOKEN"])
	return intruder{
		database: dynamodb.New(dynamodb.Options{Region: e["AWS_REGION"], BaseEndpoint: aws.String(e["AWS_ENDPOINT_URL_DYNAMODB"]), Credentials: provider}),
		keys:     kms.New(kms.Options{Region: e["AWS_REGION"], BaseEndpoint: aws.String(e["AWS_ENDPOINT_URL_KMS"]), Credentials: provider}),
	}
}

// attempts are one of each kind of call on a table of the stack, by action.
func (i intruder) attempts(ctx context.Context, table template.Table) map[string]func() error {
	name, key := &table.Name, row{}
	for _, attribute := range []template.KeyAttribute{table.PartitionKey, table.SortKey} {
		if attribute.Name != "" {
			key[attribute.Name] = &types.AttributeValueMemberS{Value: "intruder"}
		}
	}
	return map[string]func() error{
		"GetItem": func() error {
			_, err := i.database.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: key})
			return err
		},
		"PutItem": func() error {
			_, err := i.database.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: key})
			return err
		},
		"UpdateItem": func() error {
			_, err := i.database.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: key})
			return err
		},
		"DeleteItem": func() error {
			_, err := i.database.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: key})
			return err
		},
		"Scan": func() error {
			_, err := i.database.Scan(ctx, &dynamodb.ScanInput{TableName: name})
			return err
		},
		"Query": func() error {
			_, err := i.database.Query(ctx, &dynamodb.QueryInput{TableName: name, KeyConditionExpression: aws.String("#k = :k"),
				ExpressionAttributeNames:  map[string]string{"#k": table.PartitionKey.Name},
				ExpressionAttributeValues: row{":k": &types.AttributeValueMemberS{Value: "intruder"}}})
			return err
		},
		"DeleteTable": func() error {
			_, err := i.database.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: name})
			return err
		},
		"DeleteItem in a transaction": func() error {
			_, err := i.database.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
				TransactItems: []types.TransactWriteItem{{Delete: &types.Delete{TableName: name, Key: key}}}})
			return err
		},
		"ConditionCheckItem in a transaction": func() error {
			_, err := i.database.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
				TransactItems: []types.TransactWriteItem{{ConditionCheck: &types.ConditionCheck{TableName: name, Key: key, ConditionExpression: aws.String("attribute_exists(x)")}}}})
			return err
		},
	}
}

// uses are one of each kind of call on the key for a purpose, by action.
func (i intruder) uses(ctx context.Context, keyID, purpose, stage string) map[string]func() error {
	bound := map[string]string{"purpose": purpose, "stage": stage}
	return map[string]func() error{
		"Encrypt": func() error {
			_, err := i.keys.Encrypt(ctx, &kms.EncryptInput{KeyId: &keyID, Plaintext: []byte("x"), EncryptionContext: bound})
			return err
		},
		"Decrypt": func() error {
			_, err := i.keys.Decrypt(ctx, &kms.DecryptInput{KeyId: &keyID, CiphertextBlob: []byte("x"), EncryptionContext: bound})
			return err
		},
		"GenerateDataKey": func() error {
			_, err := i.keys.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &keyID, KeySpec: kmstypes.DataKeySpecAes256, EncryptionContext: bound})
			return err
		},
		"DisableKey": func() error {
			_, err := i.keys.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &keyID})
			return err
		},
	}
}

func deniedAccess(err error) bool {
	refused, ok := errors.AsType[smithy.APIError](err)
	return ok && refused.ErrorCode() == "AccessDeniedException"
}

// Whatever a function's policy does not name is tried with the function's own credentials. What it does name, the other tests use.
func TestNoFunctionReachesBeyondItsPolicy(t *testing.T) {
	runner := unharmedRun(t)
	stack := deployed(t, runner)
	state, err := runner.State()
	if err != nil {
		t.Fatal(err)
	}
	allowed := granted(t)
	for _, id := range slices.Sorted(maps.Keys(allowed)) {
		i, tried := intrude(t, runner, folder(id)), 0
		try := func(what, permission string, call func() error) {
			t.Helper()
			if allowed[id][permission] {
				return
			}
			tried++
			if err := call(); !deniedAccess(err) {
				t.Errorf("%s: %s: %v", id, what, err)
			}
		}
		for _, table := range stack.Tables {
			for what, call := range i.attempts(t.Context(), table) {
				action, _, _ := strings.Cut(what, " ")
				try(what+" on "+table.LogicalID, action+" "+table.LogicalID, call)
			}
		}
		for _, purpose := range []string{"access-token", "totp-secret", "another", ""} {
			for what, call := range i.uses(t.Context(), state.KMSKeyID, purpose, "prod") {
				try(what+" for "+purpose, what+" "+purpose, call)
			}
			for what, call := range i.uses(t.Context(), state.KMSKeyID, purpose, "another") {
				try(what+" for "+purpose+" of another stage", what+" of another stage", call)
			}
		}
		if want := 9*len(stack.Tables) + 2*4*4; len(allowed[id]) == 0 && tried != want {
			t.Errorf("%s may do nothing, but only %d of %d calls were tried", id, tried, want)
		}
	}
}

// folder is the name of a function's folder: VerifyOtpFunction's is verify-otp.
func folder(id string) string {
	var name strings.Builder
	for i, r := range strings.TrimSuffix(id, "Function") {
		if i > 0 && r >= 'A' && r <= 'Z' {
			name.WriteByte('-')
		}
		name.WriteRune(r)
	}
	return strings.ToLower(name.String())
}

// What matters most is said here again, so that no change of the template can take it back unseen.
func TestTheAuthorizerCanNotReadAccountsNorLoginWriteTokensNorARoleResourceDoAnything(t *testing.T) {
	runner := unharmedRun(t)
	allowed := granted(t)
	for _, id := range []string{"DashboardFunction", "AdminResourceFunction", "DeveloperResourceFunction", "ConsumerResourceFunction"} {
		if len(allowed[id]) > 0 {
			t.Errorf("%s may do something: %v", id, allowed[id])
		}
	}
	for _, test := range []struct{ function, action, table string }{
		{"AuthorizerFunction", "GetItem", "AccountsTable"},
		{"AuthorizerFunction", "Scan", "AccountsTable"},
		{"AuthorizerFunction", "PutItem", "TokensTable"},
		{"AuthorizerFunction", "UpdateItem", "TokensTable"},
		{"LoginFunction", "PutItem", "TokensTable"},
		{"LoginFunction", "UpdateItem", "TokensTable"},
		{"LoginFunction", "DeleteItem", "TokensTable"},
		{"RegisterFunction", "PutItem", "TokensTable"},
		{"AdminResourceFunction", "GetItem", "TokensTable"},
		{"AdminResourceFunction", "GetItem", "AccountsTable"},
		{"ConsumerResourceFunction", "PutItem", "InvitationsTable"},
		{"DeveloperResourceFunction", "Scan", "AccountsTable"},
		{"DashboardFunction", "UpdateItem", "AccountsTable"},
	} {
		for _, table := range deployed(t, runner).Tables {
			if table.LogicalID != test.table {
				continue
			}
			err := intrude(t, runner, folder(test.function)).attempts(t.Context(), table)[test.action]()
			if !deniedAccess(err) || !strings.Contains(err.Error(), "is not authorized to perform: dynamodb:"+test.action+" on resource: arn:aws:dynamodb:us-east-1:123456789012:table/"+table.Name) {
				t.Errorf("%s, %s on %s: %v", test.function, test.action, test.table, err)
			}
			line := "local: " + test.function + " may not dynamodb:" + test.action + " on arn:aws:dynamodb:us-east-1:123456789012:table/" + table.Name + ": no statement of its policies allows it (template.yaml:"
			waitFor(t, "the line about "+test.function, func() bool { return strings.Contains(runner.Output(), line) })
		}
	}
}

func TestEachProcessHasItsFunctionsCredentialsAndASessionOfItsOwn(t *testing.T) {
	runner := unharmedRun(t)
	functions, tokens := map[string]string{}, map[string]string{}
	for id := range granted(t) {
		e := environment(t, runner, folder(id))
		if other := functions[e["AWS_ACCESS_KEY_ID"]]; other != "" {
			t.Errorf("%s and %s have one access key", id, other)
		}
		for _, value := range []string{e["AWS_SECRET_ACCESS_KEY"], e["AWS_SESSION_TOKEN"]} {
			if len(value) < 20 || tokens[value] != "" {
				t.Errorf("%s: a secret or session token that is short or %q's too", id, tokens[value])
			}
			tokens[value] = id
		}
		functions[e["AWS_ACCESS_KEY_ID"]] = id
	}
}
