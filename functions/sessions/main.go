// Command sessions is the Lambda function behind GET /sessions: it lists the sessions of the caller's account.
package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/session"
)

type response struct {
	Sessions []listed `json:"sessions"`
}

type listed struct {
	SessionID     string `json:"session_id"`
	Device        string `json:"device"`
	CreatedAt     int64  `json:"created_at"`
	RenewedAt     int64  `json:"renewed_at"`
	ExpiresAt     int64  `json:"expires_at"`
	AddressFamily string `json:"address_family"`
	Current       bool   `json:"current"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	accountsTable, tokensTable := settings.Text("ACCOUNTS_TABLE"), settings.Text("TOKENS_TABLE")
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	accounts := accountstore.New(database, accountstore.Tables{Accounts: accountsTable})
	records := sessionstore.New(database, sessionstore.Tables{Tokens: tokensTable})
	lambda.Start(apigw.Handle(log.With("stage", stage), handler(accounts, records, time.Now)))
	return nil
}

func handler(accounts account.Reader, records session.Lister, now func() time.Time) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		sessions, err := account.ListSessions(ctx, accounts, records, caller, now())
		if err != nil {
			return apigw.Answer{}, err
		}
		body := response{Sessions: make([]listed, len(sessions))}
		for i, s := range sessions {
			body.Sessions[i] = listed{
				SessionID: s.SessionID, Device: s.Device, CreatedAt: s.CreatedAt, RenewedAt: s.RenewedAt, ExpiresAt: s.ExpiresAt,
				AddressFamily: s.AddressFamily, Current: s.TokenID == caller.TokenID,
			}
		}
		return apigw.OK(body)
	}
}
