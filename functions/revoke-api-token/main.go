// Command revoke-api-token is the Lambda function behind DELETE /api-tokens/{token_id}: it ends an API token of the caller's account.
package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/auditstore"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/session"
)

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	log = log.With("stage", stage)
	tables := sessionstore.Tables{Tokens: settings.Text("TOKENS_TABLE"), Accounts: settings.Text("ACCOUNTS_TABLE")}
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	accounts := accountstore.New(database, accountstore.Tables{Accounts: tables.Accounts})
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "revoke_api_token", handler(accounts, sessionstore.New(database, tables))))
	return nil
}

func handler(accounts account.Reader, tokens session.Ender) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		tokenID := req.PathParameters["token_id"]
		if err := account.RevokeAPIToken(ctx, accounts, tokens, caller, tokenID); err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{
			Status: http.StatusNoContent, Target: tokenID,
		}, nil
	}
}
