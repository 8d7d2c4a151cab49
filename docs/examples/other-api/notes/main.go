// Command notes is a function of another API, one that knows nothing of Sallyport but the context that its authorizer adds to
// requests. docs/adopting.md says how the two come together.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(handle) }

func handle(_ context.Context, request events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	owner, ok := request.RequestContext.Authorizer["user_id"].(string)
	if !ok || owner == "" {
		return events.APIGatewayProxyResponse{}, errors.New("no authorizer has let anybody in")
	}
	body, err := json.Marshal(map[string]any{"owner": owner, "notes": []string{}})
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	return events.APIGatewayProxyResponse{
		StatusCode: http.StatusOK,
		Headers:    map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"},
		Body:       string(body),
	}, nil
}
