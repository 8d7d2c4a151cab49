// Command withdraw-invitation is the Lambda function behind DELETE /invitations/{invitation_id}: an ADMIN makes an invitation good for
// nothing.
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
	invitations := account.NewInvitations(accountstore.New(database, tables), time.Now)
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log.With("stage", stage), trail, "withdraw_invitation", handler(invitations)))
	return nil
}

func handler(invitations *account.Invitations) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		if _, err := apigw.Caller(req); err != nil {
			return apigw.Answer{}, err
		}
		id := req.PathParameters["invitation_id"]
		if err := invitations.Withdraw(ctx, id); err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{Status: http.StatusNoContent, Target: id}, nil
	}
}
