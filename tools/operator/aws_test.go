package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	embedded "sallyport/tools/local/dynamodb"
)

// stackOutput is one output of the stack that the stand-in describes.
type stackOutput struct {
	OutputKey   string `xml:"OutputKey"`
	OutputValue string `xml:"OutputValue"`
}

// deployedStack is the one stack, "gate", that the stand-in for AWS has.
func deployedStack() []stackOutput {
	return []stackOutput{{"ApiUrl", "https://api.example/prod"}, {"InvitationsTableName", "gate-Invitations"}}
}

// signedInToAWS points the environment at stand-ins: a CloudFormation that answers as the handler does, and an embedded
// DynamoDB with the Invitations and Accounts tables. Nothing of this machine's own AWS configuration is read.
func signedInToAWS(t *testing.T, cloudFormation http.HandlerFunc) *dynamodb.Client {
	t.Helper()
	url := serve(t, embedded.NewServer())
	client := clientOf(t, url)
	createTable(t, client, "gate-Invitations", "code_hash")
	createTable(t, client, "gate-Accounts", "username")
	useAWS(t, cloudFormation, url)
	return client
}

// useAWS points the environment at a CloudFormation that answers as the handler does, and at the DynamoDB at url.
func useAWS(t *testing.T, cloudFormation http.HandlerFunc, url string) {
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

// describes answers DescribeStacks as CloudFormation does (query protocol, XML) for the stack "gate"; others do not exist.
func describes(outputs []stackOutput) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("Action") != "DescribeStacks" || r.Header.Get("Authorization") == "" {
			refuses("InvalidAction", "unexpected call "+r.FormValue("Action"))(w, r)
			return
		}
		name := r.FormValue("StackName")
		if name != "gate" {
			refuses("ValidationError", "Stack with id "+name+" does not exist")(w, r)
			return
		}
		type member struct {
			StackName   string        `xml:"StackName"`
			StackStatus string        `xml:"StackStatus"`
			Created     string        `xml:"CreationTime"`
			Outputs     []stackOutput `xml:"Outputs>member"`
		}
		answer := struct {
			XMLName xml.Name `xml:"DescribeStacksResponse"`
			Stacks  []member `xml:"DescribeStacksResult>Stacks>member"`
		}{Stacks: []member{{name, "CREATE_COMPLETE", "2026-11-23T12:00:00Z", outputs}}}
		w.Header().Set("Content-Type", "text/xml")
		if err := xml.NewEncoder(w).Encode(answer); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

// refuses answers with an error of the query protocol.
func refuses(code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		status := http.StatusBadRequest
		if code == "AccessDenied" {
			status = http.StatusForbidden
		}
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>", code, message)
	}
}
