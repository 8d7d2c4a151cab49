// Handler answers as the request's header dictates. Without one it answers with the event that it got.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"sallyport/tools/conformance/script"
)

type handler struct{}

func (handler) Invoke(_ context.Context, event []byte) ([]byte, error) {
	s, err := script.Of(event, script.Script{Answer: `{"statusCode":200,"body":"` + script.EventText + `"}`}, script.Header)
	if err != nil {
		return nil, err
	}
	return s.Run(event)
}

func main() { lambda.StartHandler(handler{}) }
