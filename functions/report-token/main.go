// Command report-token is the Lambda function behind POST /leaked-tokens: whoever has found a token where it does not belong ends it.
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
	"sallyport/shared/audit"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/auditstore"
	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/dynamo/throttlestore"
	"sallyport/shared/envelope"
	"sallyport/shared/kmskey"
	"sallyport/shared/leak"
	"sallyport/shared/secret"
	"sallyport/shared/session"
)

type request struct {
	Token secret.Text `json:"token"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	log = log.With("stage", stage)
	keyID := settings.Text("KMS_KEY_ID")
	dataKeys, throttles := settings.Text("DATA_KEYS_TABLE"), settings.Text("THROTTLES_TABLE")
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
	reporter := leak.Reporter{
		Revoker: session.NewTokenRevoker(session.NewAuthorizer(ring, sessions, time.Now), session.NewRevoker(sessions)),
		Counter: throttlestore.New(database, throttles), Now: time.Now, Log: log,
	}
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "revoke_leaked_token", handler(reporter.Report)))
	return nil
}

func handler(report func(ctx context.Context, found secret.Text, address string) (session.Identity, error)) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		ended, err := report(ctx, in.Token, req.RequestContext.Identity.SourceIP)
		if apperr.CodeOf(err) == apperr.Unauthenticated { // who reports it need not learn whether it was live
			return apigw.Answer{Status: http.StatusNoContent, Note: err, Actor: audit.Nobody, Unrecorded: !apperr.From(err).Alarm}, nil
		}
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{
			Status: http.StatusNoContent, Who: apigw.Who(ended),
			Actor: audit.Nobody, Account: ended.UserID, SessionID: ended.SessionID, TokenID: ended.TokenID, Detail: "kind=" + ended.Kind.String(),
		}, nil
	}
}
