// Command clients is the Lambda function behind GET /clients: an ADMIN sees the resource servers that may ask about tokens.
package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/client"
	"sallyport/shared/dynamo/clientstore"
)

type response struct {
	Clients    []entry `json:"clients"`
	NextCursor string  `json:"next_cursor,omitzero"`
}

type entry struct {
	ClientID  string `json:"client_id"`
	Name      string `json:"name"`
	CreatedAt int64  `json:"created_at"`
	MadeBy    string `json:"made_by"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	clients := settings.Text("CLIENTS_TABLE")
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	registry := client.NewRegistry(clientstore.New(dynamodb.NewFromConfig(config), clients), time.Now)
	lambda.Start(apigw.Handle(log.With("stage", stage), handler(registry)))
	return nil
}

func handler(registry *client.Registry) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		if _, err := apigw.Caller(req); err != nil {
			return apigw.Answer{}, err
		}
		query, err := apigw.QueryOf(req, "limit", "cursor")
		if err != nil {
			return apigw.Answer{}, err
		}
		limit, cursor, err := query.Page()
		if err != nil {
			return apigw.Answer{}, err
		}
		page, next, err := registry.List(ctx, limit, cursor)
		if err != nil {
			return apigw.Answer{}, err
		}
		out := response{Clients: make([]entry, len(page)), NextCursor: next}
		for i, one := range page {
			out.Clients[i] = entry{ClientID: one.ID.String(), Name: one.Name, CreatedAt: one.CreatedAt, MadeBy: one.MadeBy.String()}
		}
		return apigw.OK(out)
	}
}
