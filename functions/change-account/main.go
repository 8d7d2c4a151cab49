// Command change-account is the Lambda function behind PATCH /accounts/{user_id}: an ADMIN changes another account's role, disables it, or
// enables it.
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

type request struct {
	Role   *string `json:"role,omitzero"`
	Status *string `json:"status,omitzero"`
}

type response struct {
	UserID    string `json:"user_id"`
	Username  string `json:"username"`
	Role      string `json:"role"`
	Status    string `json:"status"`
	CreatedAt int64  `json:"created_at"`
}

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
	lambda.Start(apigw.Audited(log.With("stage", stage), trail, "change_account", handler(administrator)))
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
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		done, err := administrator.Edit(ctx, account.ActorOf(caller), userID, account.Edit(in))
		if err != nil {
			return apigw.Answer{}, err
		}
		now := done.Account
		return apigw.Answer{
			Status: http.StatusOK,
			Body: response{
				UserID: now.UserID.String(), Username: now.Username, Role: now.Role.String(), Status: string(now.Status), CreatedAt: now.CreatedAt,
			},
			Account: userID, Detail: fmt.Sprintf("role=%s status=%s ended=%d", now.Role, now.Status, done.Ended),
		}, nil
	}
}
