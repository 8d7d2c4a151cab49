// Command verify-otp is the Lambda function behind POST /verify-otp: it checks the one-time code and gives out a token.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/shared/account"
	"sallyport/shared/apigw"
	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/auditstore"
	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/envelope"
	"sallyport/shared/kmskey"
	"sallyport/shared/secret"
	"sallyport/shared/session"
)

type request struct {
	ChallengeID string      `json:"challenge_id"`
	OTP         secret.Text `json:"otp"`
	Device      *string     `json:"device,omitzero"`
}

type response struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	SessionID   string `json:"session_id"`
	Role        string `json:"role"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	stage := settings.Text("STAGE")
	log = log.With("stage", stage)
	keyID := settings.Text("KMS_KEY_ID")
	dataKeys := settings.Text("DATA_KEYS_TABLE")
	tables := accountstore.Tables{
		Accounts:   settings.Text("ACCOUNTS_TABLE"),
		Challenges: settings.Text("CHALLENGES_TABLE"),
		Tokens:     settings.Text("TOKENS_TABLE"),
		Throttles:  settings.Text("THROTTLES_TABLE"),
	}
	life := settings.Seconds("TOKEN_TTL_SECONDS", time.Second, session.MaxTokenLife)
	auditTable, auditDays := settings.Text("AUDIT_TABLE"), settings.Integer("AUDIT_RETENTION_DAYS", 1, auditstore.MaxRetentionDays)
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		return err
	}
	database := dynamodb.NewFromConfig(config)
	key := kmskey.New(kms.NewFromConfig(config), keyID, stage)
	ring := envelope.NewRing(keystore.New(database, dataKeys), key, stage, time.Now, log)
	finisher := account.Finisher{
		Store:  accountstore.New(database, tables),
		Opener: key,
		Issuer: session.NewIssuer(ring, time.Now, life),
		Now:    time.Now,
		Log:    log,
	}
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "verify_otp", handler(&finisher)))
	return nil
}

func handler(finisher *account.Finisher) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		signedIn, err := finisher.Finish(ctx, account.FinishInput{
			ChallengeID: in.ChallengeID, Code: in.OTP, Device: in.Device,
			UserAgent: req.RequestContext.Identity.UserAgent, Address: req.RequestContext.Identity.SourceIP,
		})
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{
			Status: http.StatusOK,
			Body: response{
				AccessToken: signedIn.AccessToken.Reveal(), TokenType: "Bearer",
				ExpiresIn: int64(signedIn.ExpiresIn / time.Second),
				SessionID: signedIn.Identity.SessionID, Role: signedIn.Identity.Role.String(),
			},
			Who: apigw.Who(signedIn.Identity), Account: signedIn.Identity.UserID, SessionID: signedIn.Identity.SessionID,
			TokenID: signedIn.Identity.TokenID, Detail: detail(signedIn),
		}, nil
	}
}

// detail says for the audit event what was shown, and which sessions made room for this one.
func detail(signedIn account.SignedIn) string {
	text := "code=totp"
	if signedIn.WithRecoveryCode {
		text = "code=recovery"
	}
	if signedIn.Evicted > 0 {
		text += " ended=" + strconv.Itoa(signedIn.Evicted)
	}
	return text
}
