package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	embedded "sallyport/tools/local/dynamodb"
	"sallyport/tools/operator/stack/stacktest"
)

// gateStack is the one stack that there is, with outputs.
func gateStack(outputs map[string]string) stacktest.Stack {
	return stacktest.Stack{Name: "gate", Outputs: outputs}
}

// deployedStack is that stack with what an invitation needs.
func deployedStack() stacktest.Stack {
	return gateStack(map[string]string{"ApiUrl": "https://api.example/prod", "InvitationsTableName": "gate-Invitations"})
}

// signedInToAWS points the environment at stand-ins: a CloudFormation that answers as the handler does, and an embedded
// DynamoDB with the Invitations and Accounts tables. Nothing of this machine's own AWS configuration is read.
func signedInToAWS(t *testing.T, cloudFormation http.Handler) *dynamodb.Client {
	t.Helper()
	url := serve(t, embedded.NewServer())
	client := clientOf(t, url)
	createTable(t, client, "gate-Invitations", "code_hash")
	createTable(t, client, "gate-Accounts", "username")
	createTable(t, client, "gate-Throttles", "subject")
	useAWS(t, cloudFormation, url)
	return client
}

// useAWS points the environment at a CloudFormation that answers as the handler does, and at the DynamoDB at url.
func useAWS(t *testing.T, cloudFormation http.Handler, url string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "",
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_SESSION_TOKEN": "",
		"AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
		"AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_MAX_ATTEMPTS": "1",
		"AWS_ENDPOINT_URL_CLOUDFORMATION": serve(t, cloudFormation), "AWS_ENDPOINT_URL_DYNAMODB": url,
	} {
		t.Setenv(name, value)
	}
}

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func clientOf(t *testing.T, url string) *dynamodb.Client {
	t.Helper()
	return dynamodb.NewFromConfig(aws.Config{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}, func(o *dynamodb.Options) { o.BaseEndpoint = &url })
}

func createTable(t *testing.T, client *dynamodb.Client, name, key string) {
	t.Helper()
	_, err := client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: &key, AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: &key, KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
}
