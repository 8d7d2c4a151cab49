package awsboot

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
)

// Bounds of one attempt of a call. Within a region DynamoDB and KMS answer in milliseconds; the rest is for a cold
// function's TLS handshake on a fraction of a processor.
const (
	attemptTimeout = time.Second // from dialling to the last byte of the answer

	// idleTimeout is how long an unused connection is kept. net/http measures it by the wall clock, so that it holds across a
	// freeze of the process too: a connection older than that is not tried at all.
	idleTimeout = 60 * time.Second

	// idleConnections is how many are kept for each service. An environment that serves one request at a time needs one.
	idleConnections = 8
)

// Config builds the configuration of the AWS clients straight from the variables that Lambda sets (AWS Lambda Developer
// Guide, "Defined runtime environment variables"): AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
// It takes the place of the SDK's config package, whose loader looks for files and metadata services that a function does
// not have. AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_KMS, if set, are where those services are (AWS SDKs and Tools
// Reference Guide, "Service-specific endpoints"). Clients are made with NewFromConfig, once for each service, and log nothing.
//
// A client gives up on a call after CallLimit at the latest, and when its context ends.
func Config(s *Settings) aws.Config {
	return aws.Config{
		Region:        s.Text("AWS_REGION"),
		Credentials:   credentials(s),
		HTTPClient:    newHTTPClient(),
		Retryer:       newRetryer,
		ConfigSources: []any{readEndpoints(s, "DynamoDB", "KMS")},
		APIOptions:    []func(*middleware.Stack) error{limitCall},
	}
}

// credentials are those of the function's role. Lambda sets them once for the life of an execution environment, so there is
// nothing to refresh: reading the variables again would give the same.
func credentials(s *Settings) aws.CredentialsProvider {
	c := aws.Credentials{
		AccessKeyID:     s.Text("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: s.Text("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    s.Optional("AWS_SESSION_TOKEN"), // long-term credentials have none
		Source:          "environment",
	}
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })
}

// newHTTPClient returns a client that waits for nothing without a bound. It knows no proxy, so that no variable can send
// signed calls through one, and follows no redirect, as aws.HTTPClient asks.
func newHTTPClient() *http.Client {
	// HTTP/1.1 alone: a request that times out then takes its own connection with it, so that no dead one is used again.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Client{
		Timeout: attemptTimeout,
		Transport: &http.Transport{
			// Dialling goes on after the attempt that began it has given up, so it has bounds of its own.
			DialContext:           (&net.Dialer{Timeout: attemptTimeout}).DialContext,
			TLSHandshakeTimeout:   attemptTimeout,
			ResponseHeaderTimeout: attemptTimeout,
			MaxIdleConnsPerHost:   idleConnections,
			IdleConnTimeout:       idleTimeout,
			Protocols:             protocols,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// endpoints are the endpoints that differ from AWS's own, by the SDK's service id.
type endpoints map[string]string

func readEndpoints(s *Settings, serviceIDs ...string) endpoints {
	found := endpoints{}
	for _, id := range serviceIDs {
		name := "AWS_ENDPOINT_URL_" + strings.ToUpper(id)
		value := s.Optional(name)
		if value == "" {
			continue
		}
		if u, err := url.Parse(value); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			s.refuse(name, "must be an http or https URL")
		}
		found[id] = value
	}
	return found
}

// GetServiceBaseEndpoint implements the interface by which service clients look for their endpoint in aws.Config's
// ConfigSources: a configuration without such a source ignores the variables.
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, serviceID string) (string, bool, error) {
	endpoint, found := e[serviceID]
	return endpoint, found, nil
}
