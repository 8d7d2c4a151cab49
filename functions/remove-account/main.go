// Command remove-account is the Lambda function behind DELETE /accounts/{user_id}: an ADMIN removes another account with all that is known
// of its owner.
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
)

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	tables := accountstore.Tables{
		Accounts: settings.Text("ACCOUNTS_TABLE"), Tokens: settings.Text("TOKENS_TABLE"),
		Challenges: settings.Text("CHALLENGES_TABLE"), Throttles: settings.Text("THROTTLES_TABLE"),
	}
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	trail := auditstore.New(database, auditTable, auditDays)
	eraser := &account.Eraser{Store: accountstore.New(database, tables), Trail: trail}
	lambda.Start(apigw.Audited(log.With("stage", stage), trail, "remove_account", handler(eraser)))
	return nil
}

func handler(eraser *account.Eraser) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		userID, err := apigw.PathID(req, "user_id", account.NoSuchAccount)
		if err != nil {
			return apigw.Answer{}, err
		}
		if err := eraser.Erase(ctx, account.ActorOf(caller), userID); err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{Status: http.StatusNoContent, Account: userID}, nil
	}
}
