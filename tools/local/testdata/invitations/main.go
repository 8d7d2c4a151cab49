// Invitations makes numbered invitations for an ADMIN.
package main

import (
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	made := 0
	lambda.Start(func(r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		if r.RequestContext.Authorizer["role"] != "ADMIN" || r.RequestContext.Authorizer["username"] != "the operator" {
			return events.APIGatewayProxyResponse{StatusCode: 403, Body: "{}"}, nil
		}
		made++
		body := fmt.Sprintf(`{"invitation":"invitation-%d","role":"ADMIN","expires_at":%d}`, made, time.Now().Add(time.Hour).Unix())
		return events.APIGatewayProxyResponse{StatusCode: 201, Body: body}, nil
	})
}
