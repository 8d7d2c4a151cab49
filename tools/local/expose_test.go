package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/tools/local/iam"
	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// Other containers share the bridge with the functions', and none of them is the operator.
func TestWhereContainersReachTheTablesAndKeysOnlyFunctionsAreServed(t *testing.T) {
	b, err := startBackends("", "", func(iam.Denial) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	b.enforce(template.StackName, []template.Function{{LogicalID: "SomeFunction"}})
	some, other, unknown := lambda.AccessKeyID("SomeFunction"), lambda.AccessKeyID("OtherFunction"), lambda.AccessKeyID("UnknownFunction")
	database, keys, err := b.expose(netip.MustParseAddr("127.0.0.1"), "localhost", map[string]string{some: "some-token", other: "other-token"})
	if err != nil {
		t.Fatal(err)
	}
	for _, caller := range []struct{ accessKeyID, token, want string }{
		{"AKIALOCALOPERATOR", "", "403"}, // may do everything elsewhere
		{"AKIALOCALOPERATOR", "some-token", "403"},
		{some, "some-token", "AccessDeniedException"}, // is known, and may do nothing
		{some, "other-token", "403"},                  // knows who may call, and makes himself out to be one
		{some, "some-toke", "403"},
		{some, "", "403"},
		{unknown, "", "403"},
		{other, "other-token", "UnrecognizedClientException"},
	} {
		given := credentials.NewStaticCredentialsProvider(caller.accessKeyID, "secret", caller.token)
		_, err := dynamodb.New(dynamodb.Options{Region: template.Region, BaseEndpoint: &database, Credentials: given, RetryMaxAttempts: 1}).
			ListTables(t.Context(), &dynamodb.ListTablesInput{})
		if err == nil || !strings.Contains(err.Error(), caller.want) {
			t.Errorf("%s with %q: DynamoDB says %v, want %s", caller.accessKeyID, caller.token, err, caller.want)
		}
		_, err = kms.New(kms.Options{Region: template.Region, BaseEndpoint: &keys, Credentials: given, RetryMaxAttempts: 1}).
			Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String("key"), Plaintext: []byte("x")})
		if err == nil || !strings.Contains(err.Error(), caller.want) {
			t.Errorf("%s with %q: KMS says %v, want %s", caller.accessKeyID, caller.token, err, caller.want)
		}
	}
}
