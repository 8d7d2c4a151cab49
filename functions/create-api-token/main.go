// Command create-api-token is the Lambda function behind POST /api-tokens: it makes an API token of the caller's account.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/shared/account"
	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/auditstore"
	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/envelope"
	"sallyport/shared/kmskey"
	"sallyport/shared/policy"
	"sallyport/shared/session"
)

type request struct {
	Name      string  `json:"name"`
	ExpiresIn *int64  `json:"expires_in,omitzero"`
	Routes    []route `json:"routes,omitzero"`
}

type route struct {
	Method   string  `json:"method"`
	Resource string  `json:"resource"`
	API      *string `json:"api,omitzero"`
}

type response struct {
	APIToken  string        `json:"api_token"`
	TokenID   string        `json:"token_id"`
	Name      string        `json:"name"`
	Routes    []apigw.Route `json:"routes,omitzero"`
	ExpiresAt int64         `json:"expires_at"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	log = log.With("stage", stage)
	keyID := settings.Text("KMS_KEY_ID")
	dataKeys := settings.Text("DATA_KEYS_TABLE")
	tables := accountstore.Tables{Accounts: settings.Text("ACCOUNTS_TABLE"), Tokens: settings.Text("TOKENS_TABLE")}
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	key := kmskey.New(kms.NewFromConfig(config), keyID, stage)
	ring := envelope.NewRing(keystore.New(database, dataKeys), key, stage, time.Now, log)
	maker := account.APITokenMaker{
		Store: accountstore.New(database, tables), Issuer: session.NewIssuer(ring, time.Now, session.MaxTokenLife), Now: time.Now,
	}
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "create_api_token", handler(&maker)))
	return nil
}

func handler(maker *account.APITokenMaker) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		minted, made, err := maker.Make(ctx, caller, account.APITokenInput{Name: in.Name, ExpiresIn: in.ExpiresIn, Routes: routes(in.Routes)})
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{
			Status: http.StatusCreated,
			Body: response{
				APIToken: minted.Reveal(), TokenID: made.TokenID.String(), Name: made.Name,
				Routes: apigw.Routes(made.Routes), ExpiresAt: made.ExpiresAt,
			},
			Target: made.TokenID.String(),
		}, nil
	}
}

// routes returns nil for what was left out, and not for what is empty.
func routes(asked []route) []policy.Route {
	if asked == nil {
		return nil
	}
	all := make([]policy.Route, len(asked))
	for i, one := range asked {
		all[i] = policy.Route{API: policy.Own, Method: one.Method, Resource: one.Resource}
		if one.API != nil {
			all[i].API = *one.API
		}
	}
	return all
}
