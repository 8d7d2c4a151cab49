// Command authorizer is the Lambda function that API Gateway asks about each request to a protected route.
package main

import (
	"log/slog"
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

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	log = log.With("stage", stage)
	keyID := settings.Text("KMS_KEY_ID")
	dataKeys := settings.Text("DATA_KEYS_TABLE")
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
	lambda.Start(apigw.Authorize(log, authorizer.Authorize, auditstore.New(database, auditTable, auditDays)))
	return nil
}
