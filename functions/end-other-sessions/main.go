// Command end-other-sessions is the Lambda function behind DELETE /sessions: it ends all sessions of the caller's account but the one
// that the request was made in.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"

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
	log = log.With("stage", stage)
	tables := accountstore.Tables{Accounts: settings.Text("ACCOUNTS_TABLE"), Tokens: settings.Text("TOKENS_TABLE")}
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "end_other_sessions", handler(accountstore.New(database, tables))))
	return nil
}

func handler(accounts account.ChangeStore) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		ended, err := account.EndOtherSessions(ctx, accounts, caller)
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{Status: http.StatusNoContent, Detail: "ended=" + strconv.Itoa(ended)}, nil
	}
}
