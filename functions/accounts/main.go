// Command accounts is the Lambda function behind GET /accounts: an ADMIN lists accounts, or finds some.
package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/accountstore"
)

type response struct {
	Accounts   []listed `json:"accounts"`
	NextCursor string   `json:"next_cursor,omitzero"`
}

type listed struct {
	UserID    string `json:"user_id"`
	Username  string `json:"username"`
	Role      string `json:"role"`
	Status    string `json:"status"`
	CreatedAt int64  `json:"created_at"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	tables := accountstore.Tables{Accounts: settings.Text("ACCOUNTS_TABLE")}
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	directory := account.NewDirectory(accountstore.New(dynamodb.NewFromConfig(config), tables))
	lambda.Start(apigw.Handle(log.With("stage", stage), handler(directory)))
	return nil
}

func handler(directory *account.Directory) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		if _, err := apigw.Caller(req); err != nil {
			return apigw.Answer{}, err
		}
		query, err := apigw.QueryOf(req, "limit", "cursor", "username", "role", "status")
		if err != nil {
			return apigw.Answer{}, err
		}
		limit, cursor, err := query.Page()
		if err != nil {
			return apigw.Answer{}, err
		}
		search := account.Search{Username: query.Optional("username"), Role: query.Optional("role"), Status: query.Optional("status")}
		found, next, err := directory.Accounts(ctx, search, account.Page{Limit: limit, Cursor: cursor})
		if err != nil {
			return apigw.Answer{}, err
		}
		out := response{Accounts: []listed{}, NextCursor: next}
		for _, a := range found {
			out.Accounts = append(out.Accounts, listed{a.UserID.String(), a.Username, a.Role.String(), string(a.Status), a.CreatedAt})
		}
		return apigw.OK(out)
	}
}
