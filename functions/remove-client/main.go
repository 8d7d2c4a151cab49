// Command remove-client is the Lambda function behind DELETE /clients/{client_id}: an ADMIN shuts a resource server out.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/client"
	"sallyport/shared/dynamo/auditstore"
	"sallyport/shared/dynamo/clientstore"
)

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	clients := settings.Text("CLIENTS_TABLE")
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	registry := client.NewRegistry(clientstore.New(database, clients), time.Now)
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log.With("stage", stage), trail, "remove_client", handler(registry)))
	return nil
}

func handler(registry *client.Registry) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		if _, err := apigw.Caller(req); err != nil {
			return apigw.Answer{}, err
		}
		id, err := apigw.PathID(req, "client_id", client.NotFound)
		if err != nil {
			return apigw.Answer{}, err
		}
		if err := registry.Remove(ctx, id); err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{
			Status: http.StatusNoContent, Target: id.String(),
		}, nil
	}
}
