package endtoend_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/tools/endtoend"
	"sallyport/tools/local/dynamodb"
	"sallyport/tools/local/iam"
	"sallyport/tools/local/kms"
	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// The golden events are what a person tries a function with, and what sam local invoke is given in CI. Each function is asked alone here, with
// no gateway before it, on a system of its own with empty tables.
func TestEveryFunctionAnswersItsEvent(t *testing.T) {
	const keyID = "6f1c1f5e-3a0e-4b6e-9d0c-1f8f3f6f2a11"
	denied := func(d iam.Denial) { t.Errorf("%s", d) }
	databaseGuard, keyGuard := iam.NewDynamoDBGuard(dynamodb.NewServer(), denied), iam.NewKMSGuard(kms.NewServer(keyID), denied)
	databases, keys := httptest.NewServer(databaseGuard), httptest.NewServer(keyGuard)
	defer databases.Close()
	defer keys.Close()
	stack, err := template.Load(filepath.Join(root, "template.yaml"), template.Options{Physical: func(_, kind string) string {
		if kind == "AWS::KMS::Key" {
			return keyID
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	client := awsdynamodb.New(awsdynamodb.Options{
		Region: template.Region, BaseEndpoint: &databases.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIAOPERATOR", "local", "local"),
	})
	for _, table := range stack.Tables {
		if _, err := client.CreateTable(t.Context(), dynamodb.TableInput(table)); err != nil {
			t.Fatal(err)
		}
	}
	for _, guard := range []*iam.Guard{databaseGuard, keyGuard} {
		guard.Enforce(template.StackName, stack.Functions)
	}
	binaries, err := lambda.Build(t.Context(), t.TempDir(), stack.Functions)
	if err != nil {
		t.Fatal(err)
	}
	platform, err := lambda.New(stack.Functions, binaries, lambda.Options{
		Region: template.Region, AccountID: template.AccountID, Logs: t.Output(), InitLimit: time.Minute,
		Environment: map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": databases.URL, "AWS_ENDPOINT_URL_KMS": keys.URL},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer platform.Close()
	for _, function := range stack.Functions {
		event, err := os.ReadFile(filepath.Join(root, "events", filepath.Base(function.CodeDir)+".json"))
		if err != nil {
			t.Error(err)
			continue
		}
		result, err := platform.Invoke(t.Context(), function.LogicalID, event)
		if err != nil {
			t.Errorf("%s: %v", function.LogicalID, err)
			continue
		}
		var answer struct {
			StatusCode   json.Number `json:"statusCode"`
			ErrorMessage string      `json:"errorMessage"`
		}
		want := endtoend.EventAnswer(function.LogicalID)
		if err := json.Unmarshal(result.Payload, &answer); err != nil || answer.StatusCode.String()+answer.ErrorMessage != want {
			t.Errorf("%s: %v, %s, want %s: say in tools/endtoend/events.go what it answers", function.LogicalID, err, result.Payload, want)
		}
	}
	if err := platform.Close(); err != nil {
		t.Error(err)
	}
}
