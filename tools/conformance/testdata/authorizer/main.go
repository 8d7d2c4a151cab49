// Authorizer answers as the request's credential dictates, or its header for the authorizer.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"sallyport/tools/conformance/script"
)

type authorizer struct{}

func (authorizer) Invoke(_ context.Context, event []byte) ([]byte, error) {
	s, err := script.Of(event, script.Script{Error: "the request has no script"}, script.AuthorizerHeader, "Authorization")
	if err != nil {
		return nil, err
	}
	return s.Run(event)
}

func main() { lambda.StartHandler(authorizer{}) }
