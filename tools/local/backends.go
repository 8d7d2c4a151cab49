package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"sallyport/tools/local/dynamodb"
	"sallyport/tools/local/kms"
	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// backendLimit bounds each call made while the system starts.
const backendLimit = 10 * time.Second

// backends are the DynamoDB and the KMS that the functions use: embedded, or running elsewhere.
type backends struct {
	dynamoDBURL string
	kmsURL      string
	dynamoDB    *awsdynamodb.Client
	kms         *awskms.Client
	servers     []*http.Server // the embedded ones
}

// startBackends starts what no URL is given for.
func startBackends(dynamoDBURL, kmsURL string) (*backends, error) {
	b := &backends{dynamoDBURL: dynamoDBURL, kmsURL: kmsURL}
	for _, embedded := range []struct {
		url     *string
		handler http.Handler
	}{{&b.dynamoDBURL, dynamodb.NewServer()}, {&b.kmsURL, kms.NewServer()}} {
		if *embedded.url != "" {
			continue
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen for an embedded service: %w", err), b.close())
		}
		*embedded.url = "http://" + listener.Addr().String()
		server := &http.Server{Handler: embedded.handler, ReadHeaderTimeout: backendLimit}
		b.servers = append(b.servers, server)
		go server.Serve(listener) //nolint:errcheck // returns when the server is closed
	}
	provider := credentials.NewStaticCredentialsProvider(lambda.AccessKeyID("local"), "local", "local")
	b.dynamoDB = awsdynamodb.New(awsdynamodb.Options{Region: template.Region, BaseEndpoint: &b.dynamoDBURL, Credentials: provider})
	b.kms = awskms.New(awskms.Options{Region: template.Region, BaseEndpoint: &b.kmsURL, Credentials: provider})
	return b, nil
}

func (b *backends) close() error {
	var err error
	for _, server := range b.servers {
		err = errors.Join(err, server.Close())
	}
	return err
}

// createTable makes a table of the template, with its time to live, unless it is found: one that exists is used as it is.
func (b *backends) createTable(ctx context.Context, t template.Table) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, backendLimit)
	defer cancel()
	in := &awsdynamodb.CreateTableInput{TableName: &t.Name, BillingMode: types.BillingModePayPerRequest}
	for i, key := range []template.KeyAttribute{t.PartitionKey, t.SortKey} {
		if key.Name == "" {
			continue
		}
		kind := []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}[i]
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: aws.String(key.Name), KeyType: kind})
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{
			AttributeName: aws.String(key.Name), AttributeType: types.ScalarAttributeType(key.Type)})
	}
	_, err = b.dynamoDB.CreateTable(ctx, in)
	_, found = errors.AsType[*types.ResourceInUseException](err)
	if err != nil && !found {
		return false, fmt.Errorf("make the table %s at the DynamoDB %s: is it running? %w", t.Name, b.dynamoDBURL, err)
	}
	waiter := awsdynamodb.NewTableExistsWaiter(b.dynamoDB, func(o *awsdynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, time.Second
	})
	if err := waiter.Wait(ctx, &awsdynamodb.DescribeTableInput{TableName: &t.Name}, backendLimit); err != nil {
		return found, fmt.Errorf("wait for the table %s at the DynamoDB %s: %w", t.Name, b.dynamoDBURL, err)
	}
	if t.TTLAttribute == "" {
		return found, nil
	}
	_, err = b.dynamoDB.UpdateTimeToLive(ctx, &awsdynamodb.UpdateTimeToLiveInput{TableName: &t.Name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: &t.TTLAttribute, Enabled: aws.Bool(true)}})
	if refused, ok := errors.AsType[smithy.APIError](err); ok && strings.Contains(refused.ErrorMessage(), "already enabled") {
		return found, nil
	}
	if err != nil {
		return found, fmt.Errorf("enable time to live on the table %s at the DynamoDB %s: %w", t.Name, b.dynamoDBURL, err)
	}
	return found, nil
}
