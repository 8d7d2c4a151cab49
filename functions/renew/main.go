// Command renew is the Lambda function behind POST /renew: it gives the session that the request was made in a new token.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/auditstore"
	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/envelope"
	"sallyport/shared/kmskey"
	"sallyport/shared/session"
)

type response struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	SessionID   string `json:"session_id"`
	Role        string `json:"role"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	log = log.With("stage", stage)
	keyID := settings.Text("KMS_KEY_ID")
	dataKeys := settings.Text("DATA_KEYS_TABLE")
	tables := sessionstore.Tables{Tokens: settings.Text("TOKENS_TABLE")}
	life := settings.Seconds("TOKEN_TTL_SECONDS", time.Second, session.MaxTokenLife)
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	key := kmskey.New(kms.NewFromConfig(config), keyID, stage)
	ring := envelope.NewRing(keystore.New(database, dataKeys), key, stage, time.Now, log)
	renewer := session.NewRenewer(sessionstore.New(database, tables), ring, time.Now, life)
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "renew", handler(renewer)))
	return nil
}

func handler(renewer *session.Renewer) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		renewed, err := renewer.Renew(ctx, caller)
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{
			Status: http.StatusOK,
			Body: response{
				AccessToken: renewed.AccessToken.Reveal(), TokenType: "Bearer", ExpiresIn: int64(renewed.ExpiresIn / time.Second),
				SessionID: renewed.Identity.SessionID, Role: renewed.Identity.Role.String(),
			},
		}, nil
	}
}
