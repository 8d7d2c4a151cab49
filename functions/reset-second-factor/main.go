// Command reset-second-factor is the Lambda function behind POST /accounts/{user_id}/reset-second-factor: an ADMIN lets the owner of an
// account, who has lost authenticator and recovery codes, enrol a new authenticator.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/shared/account"
	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/auditstore"
	"sallyport/shared/kmskey"
)

type response struct {
	Enrolment    string `json:"enrolment"`
	EnrolmentURL string `json:"enrolment_url,omitzero"`
	ExpiresAt    int64  `json:"expires_at"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	keyID := settings.Text("KMS_KEY_ID")
	page := settings.Optional("ENROLMENT_URL")
	tables := accountstore.Tables{
		Accounts: settings.Text("ACCOUNTS_TABLE"), Tokens: settings.Text("TOKENS_TABLE"), Throttles: settings.Text("THROTTLES_TABLE"),
	}
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	resetter := &account.Resetter{
		Store: accountstore.New(database, tables), Sealer: kmskey.New(kms.NewFromConfig(config), keyID, stage), Now: time.Now,
	}
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log.With("stage", stage), trail, "reset_second_factor", handler(resetter, page)))
	return nil
}

// handler takes the address of the page on which one enrols, empty for none.
func handler(resetter *account.Resetter, page string) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		userID, err := apigw.PathID(req, "user_id", account.NoSuchAccount)
		if err != nil {
			return apigw.Answer{}, err
		}
		done, err := resetter.ResetSecondFactor(ctx, account.ActorOf(caller), userID)
		if err != nil {
			return apigw.Answer{}, err
		}
		body := response{Enrolment: done.Enrolment.Reveal(), ExpiresAt: done.ExpiresAt}
		if page != "" { // a fragment stays in the browser: it is in no log of a server, and no Referer (RFC 9110 section 10.1.3)
			body.EnrolmentURL = page + "#" + body.Enrolment
		}
		return apigw.Answer{Status: http.StatusCreated, Body: body, Account: userID, Detail: fmt.Sprintf("ended=%d", done.Ended)}, nil
	}
}
