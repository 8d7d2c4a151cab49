// Command enrol is the Lambda function behind POST /enrolment: it gives an account whose second factor an administrator has reset
// a new authenticator.
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
	"sallyport/shared/password"
	"sallyport/shared/secret"
)

type request struct {
	Username  string      `json:"username"`
	Password  secret.Text `json:"password"`
	Enrolment secret.Text `json:"enrolment"`
}

type response struct {
	UserID        string   `json:"user_id"`
	Username      string   `json:"username"`
	Role          string   `json:"role"`
	TOTP          totp     `json:"totp"`
	RecoveryCodes []string `json:"recovery_codes"`
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
		Throttles: settings.Text("THROTTLES_TABLE"),
	}
	reenroller := account.Reenroller{
		Issuer: settings.Text("TOTP_ISSUER"),
		Now:    time.Now,
		Log:    log,
	}
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
	reenroller.Hasher = hasher
	reenroller.Store = accountstore.New(database, tables)
	reenroller.Sealer = kmskey.New(kms.NewFromConfig(config), keyID, stage)
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "enrol", handler(&reenroller)))
	return nil
}

func handler(reenroller *account.Reenroller) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		enrolled, err := reenroller.Reenrol(ctx, account.ReenrolInput{
			Username: in.Username, Password: in.Password, Enrolment: in.Enrolment, Address: req.RequestContext.Identity.SourceIP,
		})
		if err != nil {
			return apigw.Answer{}, err
		}
		out := response{
			UserID:   enrolled.UserID.String(),
			Username: enrolled.Username,
			Role:     enrolled.Role.String(),
			TOTP:     totp{Secret: enrolled.TOTPSecret.Reveal(), URI: enrolled.TOTPURI.Reveal()},
		}
		for _, code := range enrolled.RecoveryCodes {
			out.RecoveryCodes = append(out.RecoveryCodes, code.Reveal())
		}
		return apigw.Answer{
			Status: http.StatusCreated, Body: out,
			Who: []any{"username", out.Username}, Account: enrolled.UserID,
		}, nil
	}
}
