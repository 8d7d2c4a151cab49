package accountstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/sessionstore"
)

// FinishSignIn implements account.FinishStore. IAM: DeleteItem on Challenges, UpdateItem on Accounts, PutItem and DeleteItem
// on Tokens.
func (s *Store) FinishSignIn(ctx context.Context, c account.Completion) error {
	const challenge = 0 // the index of its action
	actions := []types.TransactWriteItem{
		{Delete: &types.Delete{
			TableName: aws.String(s.tables.Challenges), Key: challengeKey(c.Challenge.ID),
			ConditionExpression: aws.String("attribute_exists(challenge_id)"),
		}},
		{Update: s.signIn(c)},
		{Put: &types.Put{
			TableName: aws.String(s.tables.Tokens), Item: sessionstore.Item(c.Record),
			ConditionExpression: aws.String("attribute_not_exists(token_id)"),
		}},
	}
	for _, evicted := range c.Evicted {
		actions = append(actions, types.TransactWriteItem{Delete: &types.Delete{
			TableName: aws.String(s.tables.Tokens), Key: sessionstore.Key(c.Record.UserID, evicted),
		}})
	}
	err := dynamo.Transact(ctx, s.client, actions)
	if cancelled, ok := errors.AsType[*dynamo.CancelledError](err); ok && cancelled.Failed(challenge) {
		return account.ErrChallengeGone // for good, so that it counts for more than a conflict
	}
	return conflict(err)
}

// signIn is what a sign-in changes in the account. The revision alone would do as its condition; the others say in the
// database's own words what must never happen, whatever becomes of the code around it: that a code is used twice, or that an
// account is entered that was disabled, replaced, or had its sessions ended since the password was shown.
func (s *Store) signIn(c account.Completion) *types.Update {
	conditions := []string{
		"#status IN (:active, :pending)", "user_id = :user_id", "session_version = :session_version", "revision = :revision",
	}
	values := dynamo.Item{
		":active": dynamo.S(string(account.Active)), ":pending": dynamo.S(string(account.Pending)),
		":user_id":         dynamo.S(c.Challenge.UserID.String()),
		":session_version": dynamo.N(c.Challenge.SessionVersion),
		":revision":        dynamo.N(c.Before.Revision),
		":status":          dynamo.S(string(c.After.Status)),
		":sessions":        sessionsValue(c.After.Sessions),
		":step":            dynamo.N(c.After.LastTOTPStep),
		":recovery_codes":  dynamo.Strings(c.After.RecoveryCodes),
		":places":          dynamo.Numbers(c.After.Places),
		":one":             dynamo.N(1),
	}
	used := unused(c.Before, c.After, values)
	if len(used) == 0 { // then it must be a TOTP code; without either this fails, as it should
		used = []string{"last_totp_step < :step"}
	}
	conditions = append(conditions, used...)
	return &types.Update{
		TableName:           aws.String(s.tables.Accounts),
		Key:                 accountKey(c.Before.Username),
		ConditionExpression: aws.String(strings.Join(conditions, " AND ")),
		UpdateExpression: aws.String("SET sessions = :sessions, last_totp_step = :step, recovery_codes = :recovery_codes, " +
			"#status = :status, places = :places REMOVE lapses_at, enrolment_hash, enrolment_expires_at ADD revision :one"),
		ExpressionAttributeNames:  map[string]string{"#status": "status"},
		ExpressionAttributeValues: values,
	}
}

// unused returns the conditions that the recovery codes which after has no more are still there, and adds their values.
func unused(before, after account.Account, values dynamo.Item) (conditions []string) {
	for _, code := range before.RecoveryCodes {
		if !slices.Contains(after.RecoveryCodes, code) {
			name := fmt.Sprintf(":used%d", len(conditions))
			conditions = append(conditions, "contains(recovery_codes, "+name+")")
			values[name] = dynamo.S(code)
		}
	}
	return conditions
}
