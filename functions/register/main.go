// Command register is the Lambda function behind POST /register: it makes an account with its authenticator.
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
	"sallyport/shared/policy"
	"sallyport/shared/secret"
)

type request struct {
	Username   string       `json:"username"`
	Password   secret.Text  `json:"password"`
	Role       *string      `json:"role,omitzero"`
	Invitation *secret.Text `json:"invitation,omitzero"`
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
		Accounts:    settings.Text("ACCOUNTS_TABLE"),
		Invitations: settings.Text("INVITATIONS_TABLE"),
		Throttles:   settings.Text("THROTTLES_TABLE"),
	}
	registrar := account.Registrar{
		Strength:   password.CheckStrength,
		Breached:   breach.New(awsboot.Optional(settings, "BREACHED_PASSWORD_RANGE_URL", breach.URLs, breach.ParseURL), log),
		FreeRoles:  awsboot.List(settings, "SELF_REGISTRATION_ROLES", policy.ParseRole),
		Issuer:     settings.Text("TOTP_ISSUER"),
		Now:        time.Now,
		Log:        log,
		PerAddress: settings.Integer("REGISTRATIONS_PER_ADDRESS", 1, 1_000_000),
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
	registrar.Hasher = hasher
	database := dynamodb.NewFromConfig(config)
	registrar.Store = accountstore.New(database, tables)
	registrar.Sealer = kmskey.New(kms.NewFromConfig(config), keyID, stage)
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "register", handler(&registrar)))
	return nil
}

func handler(registrar *account.Registrar) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		registered, err := registrar.Register(ctx, account.RegisterInput{
			Username: in.Username, Password: in.Password, Role: in.Role, Invitation: in.Invitation,
			Address: req.RequestContext.Identity.SourceIP,
		})
		if err != nil {
			return apigw.Answer{}, err
		}
		out := response{
			UserID:   registered.UserID.String(),
			Username: registered.Username,
			Role:     registered.Role.String(),
			TOTP:     totp{Secret: registered.TOTPSecret.Reveal(), URI: registered.TOTPURI.Reveal()},
		}
		for _, code := range registered.RecoveryCodes {
			out.RecoveryCodes = append(out.RecoveryCodes, code.Reveal())
		}
		return apigw.Answer{
			Status: http.StatusCreated, Body: out,
			Who: []any{"username", out.Username}, Account: registered.UserID, Detail: "role=" + out.Role,
		}, nil
	}
}
