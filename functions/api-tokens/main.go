// Command api-tokens is the Lambda function behind GET /api-tokens: it lists the API tokens of the caller's account.
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
)

type response struct {
	APITokens []listed `json:"api_tokens"`
}

type listed struct {
	TokenID   string        `json:"token_id"`
	Name      string        `json:"name"`
	Routes    []apigw.Route `json:"routes,omitzero"`
	CreatedAt int64         `json:"created_at"`
	ExpiresAt int64         `json:"expires_at"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	tables := accountstore.Tables{Accounts: settings.Text("ACCOUNTS_TABLE")}
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	accounts := accountstore.New(dynamodb.NewFromConfig(config), tables)
	lambda.Start(apigw.Handle(log.With("stage", stage), handler(accounts, time.Now)))
	return nil
}

func handler(accounts account.Reader, now func() time.Time) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		tokens, err := account.ListAPITokens(ctx, accounts, caller, now())
		if err != nil {
			return apigw.Answer{}, err
		}
		body := response{APITokens: make([]listed, len(tokens))}
		for i, t := range tokens {
			body.APITokens[i] = listed{
				TokenID: t.TokenID.String(), Name: t.Name, Routes: apigw.Routes(t.Routes), CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
			}
		}
		return apigw.OK(body)
	}
}
