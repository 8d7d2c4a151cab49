// Command change-password is the Lambda function behind POST /password: it gives the caller's account a new password.
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
	"sallyport/shared/breach"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/auditstore"
	"sallyport/shared/kmskey"
	"sallyport/shared/password"
	"sallyport/shared/secret"
)

type request struct {
	OldPassword secret.Text `json:"old_password"`
	OTP         secret.Text `json:"otp"`
	NewPassword secret.Text `json:"new_password"`
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
	breached := breach.New(awsboot.Optional(settings, "BREACHED_PASSWORD_RANGE_URL", breach.URLs, breach.ParseURL), log)
	memoryKiB, passes := awsboot.HashCosts(settings)
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	hasher, err := password.NewHasher(password.Params{MemoryKiB: memoryKiB, Time: passes})
	if err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	changer := account.PasswordChanger{
		CredentialChanger: account.CredentialChanger{
			Store:  accountstore.New(database, tables),
			Opener: kmskey.New(kms.NewFromConfig(config), keyID, stage),
			Now:    time.Now,
			Log:    log,
		},
		Hasher:   hasher,
		Strength: password.CheckStrength,
		Breached: breached,
	}
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "change_password", handler(&changer)))
	return nil
}

func handler(changer *account.PasswordChanger) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		caller, err := apigw.Caller(req)
		if err != nil {
			return apigw.Answer{}, err
		}
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		err = changer.ChangePassword(ctx, caller, account.PasswordChange{
			Old: in.OldPassword, OTP: in.OTP, New: in.NewPassword, Address: req.RequestContext.Identity.SourceIP,
		})
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{Status: http.StatusNoContent}, nil
	}
}
