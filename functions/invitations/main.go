// Command invitations is the Lambda function behind POST /invitations: an ADMIN invites somebody to register with a role.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/auditstore"
)

type request struct {
	Role      string `json:"role"`
	ExpiresIn *int64 `json:"expires_in,omitzero"`
}

type response struct {
	Invitation string `json:"invitation"`
	Role       string `json:"role"`
	ExpiresAt  int64  `json:"expires_at"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	tables := accountstore.Tables{Invitations: settings.Text("INVITATIONS_TABLE")}
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	inviter := account.NewInviter(accountstore.New(database, tables), time.Now)
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log.With("stage", stage), trail, "create_invitation", handler(inviter)))
	return nil
}

func handler(inviter *account.Inviter) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		code, invitation, err := inviter.Invite(ctx, caller.UserID.String(), in.Role, in.ExpiresIn)
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{
			Status: http.StatusCreated,
			Body:   response{Invitation: code.Reveal(), Role: invitation.Role.String(), ExpiresAt: invitation.ExpiresAt},
			Target: invitation.CodeHash, Detail: "role=" + invitation.Role.String(),
		}, nil
	}
}
