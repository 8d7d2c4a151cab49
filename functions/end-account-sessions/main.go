// Command end-account-sessions is the Lambda function behind DELETE /accounts/{user_id}/sessions: an ADMIN ends all sessions and API tokens
// of an account.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/auditstore"
)

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	tables := accountstore.Tables{Accounts: settings.Text("ACCOUNTS_TABLE"), Tokens: settings.Text("TOKENS_TABLE")}
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	administrator := account.NewAdministrator(accountstore.New(database, tables))
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log.With("stage", stage), trail, "end_account_sessions", handler(administrator)))
	return nil
}

func handler(administrator *account.Administrator) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		userID, err := apigw.PathID(req, "user_id", account.NoSuchAccount)
		if err != nil {
			return apigw.Answer{}, err
		}
		done, err := administrator.EndSessions(ctx, account.ActorOf(caller), userID)
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{Status: http.StatusNoContent, Account: userID, Detail: fmt.Sprintf("ended=%d", done.Ended)}, nil
	}
}
