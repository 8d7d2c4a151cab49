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
	"sallyport/tools/local/iam"
	"sallyport/tools/local/kms"
	"sallyport/tools/local/template"
)

// backendLimit bounds each call made while the system starts.
const backendLimit = 10 * time.Second

// backends are the DynamoDB and the KMS that the functions use: embedded, or running elsewhere. Before each stands a guard, which
// holds the functions to their policies.
type backends struct {
	dynamoDBURL string // what other programs are told
	kmsURL      string
	functions   struct{ dynamoDBURL, kmsURL string } // what functions are told: the guards
	guards      []*iam.Guard
	dynamoDB    *awsdynamodb.Client
	kms         *awskms.Client
	servers     []*http.Server // the guards', with what is embedded behind them
}

// startBackends starts what no URL is given for, and the guards. denied is told what a guard refuses.
func startBackends(dynamoDBURL, kmsURL string, denied func(iam.Denial)) (*backends, error) {
	b := &backends{dynamoDBURL: dynamoDBURL, kmsURL: kmsURL}
	for _, service := range []struct {
		url, functionURL *string
		embedded         http.Handler
		guard            func(http.Handler, func(iam.Denial)) *iam.Guard
	}{
		{&b.dynamoDBURL, &b.functions.dynamoDBURL, dynamodb.NewServer(), iam.NewDynamoDBGuard},
		{&b.kmsURL, &b.functions.kmsURL, kms.NewServer(), iam.NewKMSGuard},
	} {
		handler := service.embedded
		if *service.url != "" {
			handler = forward(*service.url)
		}
		guard := service.guard(handler, denied)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen for a service: %w", err), b.close())
		}
		*service.functionURL = "http://" + listener.Addr().String()
		if *service.url == "" {
			*service.url = *service.functionURL
		}
		server := &http.Server{Handler: guard, ReadHeaderTimeout: backendLimit}
		b.guards, b.servers = append(b.guards, guard), append(b.servers, server)
		go server.Serve(listener) //nolint:errcheck // returns when the server is closed
	}
	// Not a function's key: these are the operator's credentials.
	provider := credentials.NewStaticCredentialsProvider("AKIALOCALOPERATOR", "local", "local")
	b.dynamoDB = awsdynamodb.New(awsdynamodb.Options{Region: template.Region, BaseEndpoint: &b.dynamoDBURL, Credentials: provider})
	b.kms = awskms.New(awskms.Options{Region: template.Region, BaseEndpoint: &b.kmsURL, Credentials: provider})
	return b, nil
}

// enforce holds the functions to their policies from now on.
func (b *backends) enforce(stackName string, functions []template.Function) {
	for _, guard := range b.guards {
		guard.Enforce(stackName, functions)
	}
}

func (b *backends) close() error {
	var err error
	for _, server := range b.servers {
		err = errors.Join(err, server.Close())
	}
	return err
}

// createTable makes a table of the template, with its indexes and time to live, unless it is found: one that exists is used as it is.
func (b *backends) createTable(ctx context.Context, t template.Table) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, backendLimit)
	defer cancel()
	_, err = b.dynamoDB.CreateTable(ctx, dynamodb.TableInput(t))
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
