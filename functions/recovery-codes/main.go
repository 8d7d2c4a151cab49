// Command recovery-codes is the Lambda function behind POST /recovery-codes: it gives the caller's account new recovery codes.
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
	RecoveryCodes []string `json:"recovery_codes"`
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
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	changer := account.CredentialChanger{
		Store:  accountstore.New(database, tables),
		Opener: kmskey.New(kms.NewFromConfig(config), keyID, stage),
		Now:    time.Now,
		Log:    log,
	}
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "replace_recovery_codes", handler(&changer)))
	return nil
}

func handler(changer *account.CredentialChanger) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		codes, err := changer.NewRecoveryCodes(ctx, caller, in.OTP)
		if err != nil {
			return apigw.Answer{}, err
		}
		var out response
		for _, code := range codes {
			out.RecoveryCodes = append(out.RecoveryCodes, code.Reveal())
		}
		return apigw.Answer{Status: http.StatusOK, Body: out}, nil
	}
}
