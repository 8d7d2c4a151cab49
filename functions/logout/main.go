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
	"sallyport/shared/dynamo/auditstore"
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
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	revoker := session.NewRevoker(sessionstore.New(database, tables))
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log.With("stage", stage), trail, "logout", handler(revoker)))
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
		return apigw.Answer{Status: http.StatusNoContent}, nil
	}
}
