// Command begin-enrolment is the Lambda function behind POST /authenticator: it makes a new authenticator, which takes the present
// one's place once a code of it is shown.
package main

import (
	"context"
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
	"sallyport/shared/secret"
)

type request struct {
	OTP secret.Text `json:"otp"`
}

type response struct {
	TOTP      totp  `json:"totp"`
	ExpiresIn int64 `json:"expires_in"`
}

type totp struct {
	Secret string `json:"secret"`
	URI    string `json:"uri"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	log = log.With("stage", stage)
	keyID := settings.Text("KMS_KEY_ID")
	tables := accountstore.Tables{
		Accounts:  settings.Text("ACCOUNTS_TABLE"),
		Tokens:    settings.Text("TOKENS_TABLE"),
		Throttles: settings.Text("THROTTLES_TABLE"),
	}
	issuer := settings.Text("TOTP_ISSUER")
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	key := kmskey.New(kms.NewFromConfig(config), keyID, stage)
	enroller := account.Enroller{
		CredentialChanger: account.CredentialChanger{
			Store:  accountstore.New(database, tables),
			Opener: key,
			Now:    time.Now,
			Log:    log,
		},
		Sealer: key,
		Issuer: issuer,
	}
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "begin_enrolment", handler(&enroller)))
	return nil
}

func handler(enroller *account.Enroller) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		enrolling, err := enroller.BeginEnrolment(ctx, caller, in.OTP)
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{
			Status: http.StatusOK,
			Body: response{
				TOTP:      totp{Secret: enrolling.TOTPSecret.Reveal(), URI: enrolling.TOTPURI.Reveal()},
				ExpiresIn: int64(enrolling.ExpiresIn / time.Second),
			},
		}, nil
	}
}
