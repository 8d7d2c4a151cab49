// Command logout is the Lambda function behind POST /logout: it ends the session that the request was made in.
package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/session"
)

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	tables := sessionstore.Tables{
		Tokens:   settings.Text("TOKENS_TABLE"),
		Accounts: settings.Text("ACCOUNTS_TABLE"),
	}
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	revoker := session.NewRevoker(sessionstore.New(dynamodb.NewFromConfig(config), tables))
	lambda.Start(apigw.Handle(log.With("stage", stage), handler(revoker)))
	return nil
}

func handler(revoker *session.Revoker) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		if err := revoker.Revoke(ctx, caller); err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{Status: http.StatusNoContent, Event: "signed_out", Who: apigw.Who(caller)}, nil
	}
}
