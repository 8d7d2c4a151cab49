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
	database, keys, err := b.expose(netip.MustParseAddr("127.0.0.1"), "localhost")
	if err != nil {
		t.Fatal(err)
	}
	for _, caller := range []struct{ accessKeyID, want string }{
		{"AKIALOCALOPERATOR", "403"},                                  // may do everything elsewhere
		{lambda.AccessKeyID("SomeFunction"), "AccessDeniedException"}, // is known, and may do nothing
		{lambda.AccessKeyID("OtherFunction"), "UnrecognizedClientException"},
	} {
		given := credentials.NewStaticCredentialsProvider(caller.accessKeyID, "secret", "session")
		_, err := dynamodb.New(dynamodb.Options{Region: template.Region, BaseEndpoint: &database, Credentials: given, RetryMaxAttempts: 1}).
			ListTables(t.Context(), &dynamodb.ListTablesInput{})
		if err == nil || !strings.Contains(err.Error(), caller.want) {
			t.Errorf("%s: DynamoDB says %v, want %s", caller.accessKeyID, err, caller.want)
		}
		_, err = kms.New(kms.Options{Region: template.Region, BaseEndpoint: &keys, Credentials: given, RetryMaxAttempts: 1}).
			Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String("key"), Plaintext: []byte("x")})
		if err == nil || !strings.Contains(err.Error(), caller.want) {
			t.Errorf("%s: KMS says %v, want %s", caller.accessKeyID, err, caller.want)
		}
	}
}
