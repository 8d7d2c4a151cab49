// Command revoke is the Lambda function behind POST /revoke: a resource server ends the session, or the API token, whose token it shows
// (RFC 7009).
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
	"sallyport/shared/apperr"
	"sallyport/shared/awsboot"
	"sallyport/shared/client"
	"sallyport/shared/dynamo/auditstore"
	"sallyport/shared/dynamo/clientstore"
	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/dynamo/throttlestore"
	"sallyport/shared/envelope"
	"sallyport/shared/kmskey"
	"sallyport/shared/secret"
	"sallyport/shared/session"
)

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	log = log.With("stage", stage)
	keyID := settings.Text("KMS_KEY_ID")
	dataKeys, clients, throttles := settings.Text("DATA_KEYS_TABLE"), settings.Text("CLIENTS_TABLE"), settings.Text("THROTTLES_TABLE")
	tables := sessionstore.Tables{Tokens: settings.Text("TOKENS_TABLE"), Accounts: settings.Text("ACCOUNTS_TABLE")}
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	key := kmskey.New(kms.NewFromConfig(config), keyID, stage)
	ring := envelope.NewRing(keystore.New(database, dataKeys), key, stage, time.Now, log)
	sessions := sessionstore.New(database, tables)
	revoker := session.NewTokenRevoker(session.NewAuthorizer(ring, sessions, time.Now), session.NewRevoker(sessions))
	authenticator := client.Authenticator{
		Store: clientstore.New(database, clients), Counter: throttlestore.New(database, throttles), Now: time.Now,
	}
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "revoke_token", apigw.ForClients(authenticator.Authenticate, handler(revoker.RevokeToken))))
	return nil
}

func handler(revoke func(context.Context, secret.Text) (session.Identity, error)) apigw.ClientHandler {
	return func(ctx context.Context, form apigw.Form, _ string) (apigw.Answer, error) {
		presented, err := form.Token()
		if err != nil {
			return apigw.Answer{}, err
		}
		ended, err := revoke(ctx, presented)
		if apperr.CodeOf(err) == apperr.Unauthenticated { // what was to be reached is so already (RFC 7009 section 2.2)
			return apigw.Answer{Status: http.StatusOK, Note: err, Unrecorded: !apperr.From(err).Alarm}, nil
		}
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{
			Status: http.StatusOK, Who: apigw.Who(ended),
			Account: ended.UserID, SessionID: ended.SessionID, TokenID: ended.TokenID, Detail: "kind=" + ended.Kind.String(),
		}, nil
	}
}
