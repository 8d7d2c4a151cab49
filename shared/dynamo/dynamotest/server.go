// Package dynamotest gives the adapters' tests DynamoDB servers to run against, with the tables of template.yaml, and a wire
// between that can be made to fail.
package dynamotest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	local "sallyport/tools/local/dynamodb"
)

// Server is a DynamoDB that listens on this machine.
type Server struct{ Name, URL string }

// EachServer runs a test against the embedded server, and against DynamoDB Local when DYNAMODB_LOCAL_URL names one, as it
// must in CI.
func EachServer(t *testing.T, run func(t *testing.T, server Server)) {
	t.Helper()
	servers := []Server{Embedded(t)}
	url := os.Getenv("DYNAMODB_LOCAL_URL")
	if url != "" {
		servers = append(servers, Server{"DynamoDB Local", url})
	} else if os.Getenv("CI") != "" {
		t.Error("in CI, DYNAMODB_LOCAL_URL must name a DynamoDB Local; start one with .ci/servers")
	}
	for _, server := range servers {
		t.Run(server.Name, func(t *testing.T) { run(t, server) })
	}
}

// Embedded starts the server of tools/local, which stops when the test ends.
func Embedded(t *testing.T) Server {
	t.Helper()
	server := httptest.NewServer(local.NewServer())
	t.Cleanup(server.Close)
	return Server{"embedded", server.URL}
}

// Client returns a client of the server that sends its requests over the given wire; nil is a plain one. It repeats a request
// at most twice, as the functions' clients do, but without long pauses.
func (s Server) Client(wire http.RoundTripper) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(s.URL),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:   &http.Client{Transport: wire, Timeout: 10 * time.Second},
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = 3, 5*time.Millisecond
		}),
	})
}

// repositoryFile returns the path of a file in the repository's root.
func repositoryFile(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, name)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
