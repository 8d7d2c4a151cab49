// Command list-invitations is the Lambda function behind GET /invitations: an ADMIN lists the invitations that nobody has used yet.
package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/accountstore"
)

type response struct {
	Invitations []listed `json:"invitations"`
	NextCursor  string   `json:"next_cursor,omitzero"`
}

type listed struct {
	InvitationID string `json:"invitation_id"` // the hash of the code, which nobody finds from it
	Role         string `json:"role"`
	MadeBy       string `json:"made_by"`
	ExpiresAt    int64  `json:"expires_at"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	tables := accountstore.Tables{Invitations: settings.Text("INVITATIONS_TABLE")}
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	invitations := account.NewInvitations(accountstore.New(dynamodb.NewFromConfig(config), tables), time.Now)
	lambda.Start(apigw.Handle(log.With("stage", stage), handler(invitations)))
	return nil
}

func handler(invitations *account.Invitations) apigw.Handler {
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
		found, next, err := invitations.List(ctx, account.Page{Limit: limit, Cursor: cursor})
		if err != nil {
			return apigw.Answer{}, err
		}
		out := response{Invitations: []listed{}, NextCursor: next}
		for _, i := range found {
			out.Invitations = append(out.Invitations, listed{i.CodeHash, i.Role.String(), i.MadeBy, i.ExpiresAt})
		}
		return apigw.OK(out)
	}
}
