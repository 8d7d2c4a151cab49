// Command audit-events is the Lambda function behind GET /audit-events: an ADMIN reads what has been done, and by whom.
package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/apigw"
	"sallyport/shared/audit"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/auditstore"
)

type response struct {
	Events     []event `json:"events"`
	NextCursor string  `json:"next_cursor,omitzero"`
}

type event struct {
	EventID         string `json:"event_id"`
	Event           string `json:"event"`
	Outcome         string `json:"outcome"`
	Reason          string `json:"reason,omitzero"`
	Detail          string `json:"detail,omitzero"`
	At              int64  `json:"at"`
	ActorID         string `json:"actor_id,omitzero"`
	AccountID       string `json:"account_id,omitzero"`
	SessionID       string `json:"session_id,omitzero"`
	TokenID         string `json:"token_id,omitzero"`
	Target          string `json:"target,omitzero"`
	SourceIP        string `json:"source_ip,omitzero"`
	RequestID       string `json:"request_id,omitzero"`
	LambdaRequestID string `json:"lambda_request_id,omitzero"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	table, retention := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	reader := auditstore.NewReader(dynamodb.NewFromConfig(config), table, retention, time.Now)
	lambda.Start(apigw.Handle(log.With("stage", stage), handler(reader)))
	return nil
}

func handler(reader audit.Reader) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		if _, err := apigw.Caller(req); err != nil {
			return apigw.Answer{}, err
		}
		query, err := queryOf(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		page, err := reader.Events(ctx, query)
		if err != nil {
			return apigw.Answer{}, err
		}
		out := response{Events: make([]event, len(page.Events)), NextCursor: page.Next}
		for i, e := range page.Events {
			out.Events[i] = show(e)
		}
		return apigw.OK(out)
	}
}

func show(e audit.Event) event {
	shown := event{
		EventID: e.ID, Event: e.Action, Outcome: string(e.Outcome), Reason: e.Reason, Detail: e.Detail, At: e.At.Unix(),
		ActorID: e.ActorID, AccountID: e.AccountID, SessionID: e.SessionID, TokenID: e.TokenID, Target: e.Target,
		SourceIP: e.Address, RequestID: e.RequestID, LambdaRequestID: e.InvocationID,
	}
	if shown.AccountID == audit.Nobody {
		shown.AccountID = ""
	}
	return shown
}
