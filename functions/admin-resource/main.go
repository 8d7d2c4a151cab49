// Command admin-resource is the Lambda function behind GET /admin_resource, which only the role ADMIN may call. It stands where
// your own code will: whoever gets here has been let in, and apigw.Caller says who it is.
package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"

	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
)

type response struct {
	Resource string `json:"resource"`
	Username string `json:"username"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	if err := settings.Err(); err != nil {
		return err
	}
	lambda.Start(apigw.Handle(log.With("stage", stage), handle))
	return nil
}

func handle(_ context.Context, req apigw.Request) (apigw.Answer, error) {
	caller, err := apigw.Caller(req)
	if err != nil {
		return apigw.Answer{}, err
	}
	return apigw.OK(response{Resource: "admin", Username: caller.Username})
}
