// Command login is the Lambda function behind POST /login: it checks the password and opens a challenge for the code.
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
	"sallyport/shared/password"
	"sallyport/shared/secret"
)

type request struct {
	Username string      `json:"username"`
	Password secret.Text `json:"password"`
}

type response struct {
	ChallengeID string `json:"challenge_id"`
	ExpiresIn   int64  `json:"expires_in"`
}

func main() { awsboot.Run(realMain) }

func realMain(settings *awsboot.Settings, log *slog.Logger) error {
	log = log.With("stage", settings.Text("STAGE"))
	tables := accountstore.Tables{
		Accounts:   settings.Text("ACCOUNTS_TABLE"),
		Challenges: settings.Text("CHALLENGES_TABLE"),
		Throttles:  settings.Text("THROTTLES_TABLE"),
	}
	beginner := account.Beginner{
		ChallengeLife: settings.Seconds("CHALLENGE_TTL_SECONDS", 30*time.Second, 15*time.Minute),
		Now:           time.Now,
		Log:           log,
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
	beginner.Hasher = hasher
	database := dynamodb.NewFromConfig(config)
	beginner.Store = accountstore.New(database, tables)
	trail := auditstore.New(database, auditTable, auditDays)
	lambda.Start(apigw.Audited(log, trail, "login", handler(&beginner)))
	return nil
}

func handler(beginner *account.Beginner) apigw.Handler {
	return func(ctx context.Context, req apigw.Request) (apigw.Answer, error) {
		in, err := apigw.Decode[request](req)
		if err != nil {
			return apigw.Answer{}, err
		}
		begun, err := beginner.Begin(ctx, account.BeginInput{
			Username: in.Username, Password: in.Password, Address: req.RequestContext.Identity.SourceIP,
		})
		if err != nil {
			return apigw.Answer{}, err
		}
		return apigw.Answer{
			Status: http.StatusOK,
			Body:   response{ChallengeID: begun.ChallengeID, ExpiresIn: int64(begun.ExpiresIn / time.Second)},
			Who:    []any{"username", begun.Username}, Account: begun.UserID,
		}, nil
	}
}
