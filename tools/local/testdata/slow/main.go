// Slow takes its time, as with a dependency that hangs.
package main

import (
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	milliseconds, err := strconv.Atoi(os.Getenv("MILLISECONDS"))
	if err != nil {
		panic(err)
	}
	lambda.Start(func() (events.APIGatewayProxyResponse, error) {
		time.Sleep(time.Duration(milliseconds) * time.Millisecond)
		return events.APIGatewayProxyResponse{StatusCode: 200, Body: "{}"}, nil
	})
}
