// Command create-client is the Lambda function behind POST /clients: an ADMIN lets a resource server ask about tokens.
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

type request struct {
	Name string `json:"name"`
}

type response struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Name         string `json:"name"`
}

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
	lambda.Start(apigw.Audited(log.With("stage", stage), trail, "create_client", handler(registry)))
	return nil
}

func handler(registry *client.Registry) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		made, characters, err := registry.Make(ctx, caller.UserID, in.Name)
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{
			Status: http.StatusCreated,
			Body:   response{ClientID: made.ID.String(), ClientSecret: characters.Reveal(), Name: made.Name},
			Target: made.ID.String(),
		}, nil
	}
}
