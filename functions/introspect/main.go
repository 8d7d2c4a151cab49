// Command introspect is the Lambda function behind POST /introspect: it tells a resource server whether a token is live, and whose it
// is (RFC 7662).
package main

import (
	"context"
	"log/slog"
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
	"sallyport/shared/token"
)

// inactive is all that is said of a token that is not live (RFC 7662 section 2.2).
type inactive struct {
	Active bool `json:"active"`
}

// active has the members of RFC 7662 section 2.2, and from kind on ours.
type active struct {
	Active    bool          `json:"active"`
	TokenType string        `json:"token_type"`
	Subject   string        `json:"sub"`
	Username  string        `json:"username"`
	IssuedAt  int64         `json:"iat"`
	ExpiresAt int64         `json:"exp"`
	Kind      string        `json:"kind"` // "session" or "api-token"
	Role      string        `json:"role"`
	SessionID string        `json:"session_id,omitzero"`
	TokenID   string        `json:"token_id,omitzero"` // of an API token
	Routes    []apigw.Route `json:"routes,omitzero"`   // of a narrowed API token: all that it is good for
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	log = log.With("stage", stage)
	keyID := settings.Text("KMS_KEY_ID")
	dataKeys, clients, throttles := settings.Text("DATA_KEYS_TABLE"), settings.Text("CLIENTS_TABLE"), settings.Text("THROTTLES_TABLE")
	tables := sessionstore.Tables{Tokens: settings.Text("TOKENS_TABLE")}
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	key := kmskey.New(kms.NewFromConfig(config), keyID, stage)
	ring := envelope.NewRing(keystore.New(database, dataKeys), key, stage, time.Now, log)
	authorizer := session.NewAuthorizer(ring, sessionstore.New(database, tables), time.Now)
	authenticator := client.Authenticator{
		Store: clientstore.New(database, clients), Counter: throttlestore.New(database, throttles), Now: time.Now,
	}
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "introspect", apigw.ForClients(authenticator.Authenticate, handler(authorizer.Identify))))
	return nil
}

func handler(identify func(context.Context, secret.Text) (session.Record, error)) apigw.ClientHandler {
	return func(ctx context.Context, form apigw.Form, _ string) (apigw.Answer, error) {
		presented, err := form.Token()
		if err != nil {
			return apigw.Answer{}, err
		}
		record, err := identify(ctx, presented)
		if apperr.CodeOf(err) == apperr.Unauthenticated {
			answer, _ := apigw.OK(inactive{})
			answer.Note, answer.Unrecorded = err, !apperr.From(err).Alarm
			return answer, nil
		}
		if err != nil {
			return apigw.Answer{}, err
		}
		answer, err := apigw.OK(describe(record), apigw.Who(record.Identity())...)
		answer.Unrecorded = true
		return answer, err
	}
}

func describe(record session.Record) active {
	out := active{
		Active: true, TokenType: "Bearer", Subject: record.UserID.String(), Username: record.Username,
		IssuedAt: record.IssuedAt, ExpiresAt: record.ExpiresAt, Kind: record.Kind.String(), Role: record.Role.String(),
		Routes: apigw.Routes(record.Routes),
	}
	if record.Kind == token.API {
		out.TokenID = record.TokenID.String()
	} else {
		out.SessionID = record.SessionID
	}
	return out
}
