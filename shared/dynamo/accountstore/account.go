package accountstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
)

// Account implements account.Reader. IAM: GetItem on Accounts.
func (s *Store) Account(ctx context.Context, username string) (account.Account, bool, error) {
	row, found, err := dynamo.Get(ctx, s.client, s.tables.Accounts, accountKey(username))
	if err != nil || !found {
		return account.Account{}, false, err
	}
	a := account.Account{
		Username: row.Text("username"), UserID: row.ID("user_id"), Status: status(row), Role: row.Role("role"),
		PasswordHash: row.Text("password_hash"), SealedTOTPSecret: row.Bytes("sealed_totp_secret"),
		LastTOTPStep: row.Number("last_totp_step"), RecoveryCodes: row.Texts("recovery_codes"), Sessions: sessions(row), APITokens: apiTokens(row),
		SessionVersion: row.Number("session_version"), Revision: row.Number("revision"), CreatedAt: row.Number("created_at"),
	}
	if row.Has("places") {
		a.Places = row.Numbers("places")
	}
	if row.Has("lapses_at") {
		a.LapsesAt = row.Number("lapses_at")
	}
	if row.Has("invitation_hash") {
		a.InvitationHash, a.InvitationExpiresAt = row.Text("invitation_hash"), row.Number("invitation_expires_at")
	}
	if row.Has("enrolling_totp_secret") {
		a.EnrollingTOTPSecret, a.EnrollingExpiresAt = row.Bytes("enrolling_totp_secret"), row.Number("enrolling_expires_at")
	}
	if row.Has("enrolment_hash") {
		a.EnrolmentHash, a.EnrolmentExpiresAt = row.Text("enrolment_hash"), row.Number("enrolment_expires_at")
	}
	if err := row.Err(); err != nil {
		return account.Account{}, false, err
	}
	return a, true, nil
}

func accountKey(username string) dynamo.Item { return dynamo.Item{"username": dynamo.S(username)} }

func status(row *dynamo.Row) account.Status {
	switch s := account.Status(row.Text("status")); s {
	case account.Pending, account.Active, account.Disabled:
		return s
	}
	row.Refuse("status", "is no status")
	return account.Disabled
}

func accountItem(a account.Account) dynamo.Item {
	item := dynamo.Item{
		"username":           dynamo.S(a.Username),
		"user_id":            dynamo.S(a.UserID.String()),
		"status":             dynamo.S(string(a.Status)),
		"role":               dynamo.S(a.Role.String()),
		"password_hash":      dynamo.S(a.PasswordHash),
		"sealed_totp_secret": dynamo.B(a.SealedTOTPSecret),
		"last_totp_step":     dynamo.N(a.LastTOTPStep),
		"recovery_codes":     dynamo.Strings(a.RecoveryCodes),
		"sessions":           sessionsValue(a.Sessions),
		"api_tokens":         apiTokensValue(a.APITokens),
		"session_version":    dynamo.N(a.SessionVersion),
		"revision":           dynamo.N(a.Revision),
		"created_at":         dynamo.N(a.CreatedAt),
		"places":             dynamo.Numbers(a.Places),
	}
	if a.Status == account.Pending && a.LapsesAt > 0 { // the table's time to live deletes what has it
		item["lapses_at"] = dynamo.N(a.LapsesAt)
	}
	if a.InvitationHash != "" {
		item["invitation_hash"] = dynamo.S(a.InvitationHash)
		item["invitation_expires_at"] = dynamo.N(a.InvitationExpiresAt)
	}
	if len(a.EnrollingTOTPSecret) > 0 {
		item["enrolling_totp_secret"] = dynamo.B(a.EnrollingTOTPSecret)
		item["enrolling_expires_at"] = dynamo.N(a.EnrollingExpiresAt)
	}
	if a.EnrolmentHash != "" {
		item["enrolment_hash"] = dynamo.S(a.EnrolmentHash)
		item["enrolment_expires_at"] = dynamo.N(a.EnrolmentExpiresAt)
	}
	return item
}

// ReplacePasswordHash implements account.BeginStore. IAM: UpdateItem on Accounts.
func (s *Store) ReplacePasswordHash(ctx context.Context, read account.Account, hash string) error {
	err := dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName:           aws.String(s.tables.Accounts),
		Key:                 accountKey(read.Username),
		ConditionExpression: aws.String("user_id = :user_id AND revision = :revision"),
		UpdateExpression:    aws.String("SET password_hash = :hash ADD revision :one"),
		ExpressionAttributeValues: dynamo.Item{
			":user_id": dynamo.S(read.UserID.String()), ":revision": dynamo.N(read.Revision),
			":hash": dynamo.S(hash), ":one": dynamo.N(1),
		},
	})
	if errors.Is(err, dynamo.ErrCondition) {
		return account.ErrConflict
	}
	return err
}
