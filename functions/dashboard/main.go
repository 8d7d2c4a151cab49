// Command dashboard is the Lambda function behind GET /dashboard: it shows callers of any role who they are signed in as.
package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"

	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
)

type response struct {
	UserID    string `json:"user_id"`
	Username  string `json:"username"`
	Role      string `json:"role"`
	SessionID string `json:"session_id"`
	ExpiresAt int64  `json:"expires_at"`
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
	return apigw.OK(response{
		UserID: caller.UserID.String(), Username: caller.Username, Role: caller.Role.String(),
		SessionID: caller.SessionID, ExpiresAt: caller.ExpiresAt,
	})
}
