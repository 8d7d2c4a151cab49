package awsboot

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// service stands for an AWS service: it counts the attempts that reach it.
type service struct {
	url      string
	attempts atomic.Int64
}

// newService returns a service whose answer to the nth attempt, from 1, is answer's.
func newService(t *testing.T, answer func(attempt int64, w http.ResponseWriter, r *http.Request)) *service {
	t.Helper()
	s := &service{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(s.attempts.Add(1), w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// calls are one call of each service.
func calls() map[string]func(context.Context, aws.Config) error {
	return map[string]func(context.Context, aws.Config) error{
		"DynamoDB": func(ctx context.Context, config aws.Config) error {
			_, err := dynamodb.NewFromConfig(config).ListTables(ctx, &dynamodb.ListTablesInput{})
			return err
		},
		"KMS": func(ctx context.Context, config aws.Config) error {
			_, err := kms.NewFromConfig(config).ListKeys(ctx, &kms.ListKeysInput{})
			return err
		},
	}
}

// kmsClient returns a client of the service.
func (s *service) kmsClient(t *testing.T) *kms.Client {
	t.Helper()
	return kms.NewFromConfig(configure(t, map[string]string{"AWS_ENDPOINT_URL_KMS": s.url}))
}

// configure returns the configuration of a function with these variables.
func configure(t *testing.T, variables map[string]string) aws.Config {
	t.Helper()
	settings := fromMap(map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
		"AWS_SESSION_TOKEN":         "session",
		"AWS_ENDPOINT_URL_KMS":      variables["AWS_ENDPOINT_URL_KMS"],
		"AWS_ENDPOINT_URL_DYNAMODB": variables["AWS_ENDPOINT_URL_DYNAMODB"],
	})
	config := Config(settings)
	if err := settings.Err(); err != nil {
		t.Fatal(err)
	}
	return config
}

func succeed(w http.ResponseWriter) { fmt.Fprint(w, "{}") }

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"__type":%q,"message":"refused"}`, code)
}

// hang leaves an attempt unanswered until its caller gives up, which the server notices only after the request's last byte.
func hang(r *http.Request) {
	io.Copy(io.Discard, r.Body) //nolint:errcheck // a caller that has gone is what it waits for
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}
