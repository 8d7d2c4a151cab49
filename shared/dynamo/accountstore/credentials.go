package accountstore

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/sessionstore"
)

// ChangeCredentials implements account.CredentialStore. IAM: UpdateItem on Accounts, ConditionCheckItem on Tokens, and DeleteItem there
// if sessions end.
func (s *Store) ChangeCredentials(ctx context.Context, change account.CredentialChange) error {
	const session = 0 // the index of its action
	actions := []types.TransactWriteItem{
		{ConditionCheck: &types.ConditionCheck{
			TableName: aws.String(s.tables.Tokens), Key: sessionstore.Key(change.Before.UserID, change.Session),
			ConditionExpression: aws.String("attribute_exists(token_id)"),
		}},
		{Update: s.credentials(change)},
	}
	for _, id := range change.Ended {
		actions = append(actions, types.TransactWriteItem{Delete: &types.Delete{
			TableName: aws.String(s.tables.Tokens), Key: sessionstore.Key(change.Before.UserID, id),
		}})
	}
	err := dynamo.Transact(ctx, s.client, actions)
	if cancelled, ok := errors.AsType[*dynamo.CancelledError](err); ok && cancelled.Failed(session) {
		return account.ErrSessionEnded // for good, so that it counts for more than a conflict
	}
	return conflict(err)
}

// credentials is what a change of credentials changes in the account. As with a sign-in, the revision alone would do as its condition;
// the others say in the database's own words what must never happen: that a recovery code is used twice, or that credentials change
// in the name of a session that has ended.
func (s *Store) credentials(change account.CredentialChange) *types.Update {
	conditions := []string{"#status = :active", "user_id = :user_id", "revision = :revision", "attribute_exists(sessions.#session)"}
	before, after := change.Before, change.After
	values := dynamo.Item{
		":active":          dynamo.S(string(account.Active)),
		":user_id":         dynamo.S(before.UserID.String()),
		":revision":        dynamo.N(before.Revision),
		":hash":            dynamo.S(after.PasswordHash),
		":secret":          dynamo.B(after.SealedTOTPSecret),
		":step":            dynamo.N(after.LastTOTPStep),
		":recovery_codes":  dynamo.Strings(after.RecoveryCodes),
		":sessions":        sessionsValue(after.Sessions),
		":api_tokens":      apiTokensValue(after.APITokens),
		":session_version": dynamo.N(after.SessionVersion),
		":one":             dynamo.N(1),
	}
	conditions = append(conditions, unused(before, after, values)...)
	set := "SET password_hash = :hash, sealed_totp_secret = :secret, last_totp_step = :step, recovery_codes = :recovery_codes, " +
		"sessions = :sessions, api_tokens = :api_tokens, session_version = :session_version"
	enrolling := " REMOVE enrolling_totp_secret, enrolling_expires_at"
	if len(after.EnrollingTOTPSecret) > 0 {
		enrolling = ", enrolling_totp_secret = :enrolling, enrolling_expires_at = :enrolling_expires_at"
		values[":enrolling"], values[":enrolling_expires_at"] = dynamo.B(after.EnrollingTOTPSecret), dynamo.N(after.EnrollingExpiresAt)
	}
	return &types.Update{
		TableName:                 aws.String(s.tables.Accounts),
		Key:                       accountKey(before.Username),
		ConditionExpression:       aws.String(strings.Join(conditions, " AND ")),
		UpdateExpression:          aws.String(set + enrolling + " ADD revision :one"),
		ExpressionAttributeNames:  map[string]string{"#status": "status", "#session": change.Session.String()},
		ExpressionAttributeValues: values,
	}
}

// ReplaceAuthenticator implements account.ReenrolStore. IAM: UpdateItem on Accounts. It is a transaction of one action, because only a
// transaction can be repeated after its answer was lost: a second conditional UpdateItem would find the first one's revision.
func (s *Store) ReplaceAuthenticator(ctx context.Context, before, after account.Account) error {
	return conflict(dynamo.Transact(ctx, s.client, []types.TransactWriteItem{{Update: &types.Update{
		TableName: aws.String(s.tables.Accounts),
		Key:       accountKey(before.Username),
		ConditionExpression: aws.String("#status <> :disabled AND user_id = :user_id AND revision = :revision " +
			"AND attribute_exists(enrolment_hash) AND enrolment_hash = :enrolment_hash"),
		UpdateExpression: aws.String("SET sealed_totp_secret = :secret, last_totp_step = :step, recovery_codes = :recovery_codes, " +
			"session_version = :session_version ADD revision :one"),
		ExpressionAttributeNames: map[string]string{"#status": "status"},
		ExpressionAttributeValues: dynamo.Item{
			":disabled":        dynamo.S(string(account.Disabled)),
			":user_id":         dynamo.S(before.UserID.String()),
			":revision":        dynamo.N(before.Revision),
			":enrolment_hash":  dynamo.S(before.EnrolmentHash),
			":secret":          dynamo.B(after.SealedTOTPSecret),
			":step":            dynamo.N(after.LastTOTPStep),
			":recovery_codes":  dynamo.Strings(after.RecoveryCodes),
			":session_version": dynamo.N(after.SessionVersion),
			":one":             dynamo.N(1),
		},
	}}}))
}
