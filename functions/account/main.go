// Command account is the Lambda function behind GET /accounts/{user_id}: an ADMIN looks at an account, its sessions and its API tokens.
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
	UserID    string          `json:"user_id"`
	Username  string          `json:"username"`
	Role      string          `json:"role"`
	Status    string          `json:"status"`
	CreatedAt int64           `json:"created_at"`
	Sessions  []sessionEntry  `json:"sessions"`
	APITokens []apiTokenEntry `json:"api_tokens"`
}

type sessionEntry struct {
	SessionID     string `json:"session_id"`
	Device        string `json:"device"`
	CreatedAt     int64  `json:"created_at"`
	RenewedAt     int64  `json:"renewed_at"`
	ExpiresAt     int64  `json:"expires_at"`
	AddressFamily string `json:"address_family"`
}

type apiTokenEntry struct {
	TokenID   string        `json:"token_id"`
	Name      string        `json:"name"`
	Routes    []apigw.Route `json:"routes,omitzero"`
	CreatedAt int64         `json:"created_at"`
	ExpiresAt int64         `json:"expires_at"`
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
	directory := account.NewDirectory(accountstore.New(database, accountstore.Tables{Accounts: accountsTable}))
	records := sessionstore.New(database, sessionstore.Tables{Tokens: tokensTable})
	lambda.Start(apigw.Handle(log.With("stage", stage), handler(directory, records, time.Now)))
	return nil
}

func handler(directory *account.Directory, records session.Lister, now func() time.Time) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		if _, err := apigw.Caller(req); err != nil {
			return apigw.Answer{}, err
		}
		userID, err := apigw.PathID(req, "user_id", account.NoSuchAccount)
		if err != nil {
			return apigw.Answer{}, err
		}
		a, err := directory.Account(ctx, userID)
		if err != nil {
			return apigw.Answer{}, err
		}
		sessions, err := account.LiveSessions(ctx, records, a, now())
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.OK(show(a, sessions, account.LiveAPITokens(a, now())))
	}
}

func show(a account.Account, sessions []account.Session, tokens []account.APIToken) response {
	shown := response{
		UserID: a.UserID.String(), Username: a.Username, Role: a.Role.String(), Status: string(a.Status), CreatedAt: a.CreatedAt,
		Sessions: make([]sessionEntry, len(sessions)), APITokens: make([]apiTokenEntry, len(tokens)),
	}
	for i, s := range sessions {
		shown.Sessions[i] = sessionEntry{
			SessionID: s.SessionID, Device: s.Device, CreatedAt: s.CreatedAt, RenewedAt: s.RenewedAt, ExpiresAt: s.ExpiresAt,
			AddressFamily: s.AddressFamily,
		}
	}
	for i, t := range tokens {
		shown.APITokens[i] = apiTokenEntry{
			TokenID: t.TokenID.String(), Name: t.Name, Routes: apigw.Routes(t.Routes), CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
		}
	}
	return shown
}
