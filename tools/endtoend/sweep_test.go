package endtoend_test

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// stackPrefix begins the names of all stacks that this run of the tests makes.
var stackPrefix = "endtoend-" + unique()[:8] + "-"

func anyone(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
}

// sweep deletes the tables and keys of these tests from servers that go on: embedded ones end with their local run.
func sweep(ctx context.Context) error {
	if *dynamoDBURL != "" {
		client := dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: dynamoDBURL, Credentials: aws.CredentialsProviderFunc(anyone)})
		pages := dynamodb.NewListTablesPaginator(client, &dynamodb.ListTablesInput{})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, name := range page.TableNames {
				if !strings.HasPrefix(name, stackPrefix) {
					continue
				}
				if _, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
					return err
				}
			}
		}
	}
	if *kmsURL == "" {
		return nil
	}
	client := kms.New(kms.Options{Region: "us-east-1", BaseEndpoint: kmsURL, Credentials: aws.CredentialsProviderFunc(anyone)})
	pages := kms.NewListAliasesPaginator(client, &kms.ListAliasesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, alias := range page.Aliases {
			if !strings.HasPrefix(aws.ToString(alias.AliasName), "alias/"+stackPrefix) {
				continue
			}
			if _, err := client.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: alias.AliasName}); err != nil {
				return err
			}
			if _, err := client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: alias.TargetKeyId}); err != nil {
				return err
			}
		}
	}
	return nil
}
