package accountstore

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/dynamo/throttlestore"
	"sallyport/shared/policy"
)

// ChangeAccount implements account.ChangeStore. IAM: PutItem on Accounts, or DeleteItem to remove one; DeleteItem on Tokens, and on
// Throttles for what it forgets; ConditionCheckItem on Accounts and Tokens for who makes it.
func (s *Store) ChangeAccount(ctx context.Context, change account.Change) error {
	before, by := change.Before, change.By
	own := by != nil && before != nil && by.UserID == before.UserID
	if own && !before.IsActiveAdmin() {
		return account.ErrNotAdmin // as things were read; that they still are is a condition below
	}
	actions := []types.TransactWriteItem{s.write(change)}
	var signedOut, notAdmin int // where these conditions are, 0 for nowhere
	present := aws.String("attribute_exists(token_id)")
	for _, id := range change.Ended {
		ends := &types.Delete{TableName: aws.String(s.tables.Tokens), Key: sessionstore.Key(change.Of().UserID, id)}
		if own && id == by.TokenID {
			ends.ConditionExpression, signedOut = present, len(actions)
		}
		actions = append(actions, types.TransactWriteItem{Delete: ends})
	}
	if by != nil && signedOut == 0 {
		signedOut = len(actions)
		actions = append(actions, types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: aws.String(s.tables.Tokens), Key: sessionstore.Key(by.UserID, by.TokenID), ConditionExpression: present,
		}})
	}
	if by != nil && !own {
		notAdmin = len(actions)
		actions = append(actions, types.TransactWriteItem{ConditionCheck: s.isActiveAdmin(*by)})
	}
	for _, subject := range slices.Compact(slices.Sorted(slices.Values(change.Forgets))) {
		actions = append(actions, types.TransactWriteItem{Delete: &types.Delete{
			TableName: aws.String(s.tables.Throttles), Key: throttlestore.Key(subject),
		}})
	}
	err := dynamo.Transact(ctx, s.client, actions)
	if cancelled, ok := errors.AsType[*dynamo.CancelledError](err); ok {
		switch {
		case signedOut > 0 && cancelled.Failed(signedOut):
			return account.ErrSessionEnded
		case notAdmin > 0 && cancelled.Failed(notAdmin):
			return account.ErrNotAdmin
		}
	}
	return conflict(err)
}

// write is what happens to the account's own row.
func (s *Store) write(change account.Change) types.TransactWriteItem {
	condition, values := aws.String("attribute_not_exists(username)"), dynamo.Item(nil)
	if before := change.Before; before != nil {
		condition = aws.String("user_id = :user_id AND revision = :revision")
		values = dynamo.Item{":user_id": dynamo.S(before.UserID.String()), ":revision": dynamo.N(before.Revision)}
	}
	table := aws.String(s.tables.Accounts)
	if change.After == nil {
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: table, Key: accountKey(change.Before.Username), ConditionExpression: condition, ExpressionAttributeValues: values,
		}}
	}
	return types.TransactWriteItem{Put: &types.Put{
		TableName: table, Item: accountItem(*change.After), ConditionExpression: condition, ExpressionAttributeValues: values,
	}}
}

// isActiveAdmin holds if the actor's account is (still) the actor's, active, and an ADMIN's.
func (s *Store) isActiveAdmin(by account.Actor) *types.ConditionCheck {
	return &types.ConditionCheck{
		TableName:                aws.String(s.tables.Accounts),
		Key:                      accountKey(by.Username),
		ConditionExpression:      aws.String("user_id = :user_id AND #status = :active AND #role = :admin"),
		ExpressionAttributeNames: map[string]string{"#status": "status", "#role": "role"},
		ExpressionAttributeValues: dynamo.Item{
			":user_id": dynamo.S(by.UserID.String()), ":active": dynamo.S(string(account.Active)), ":admin": dynamo.S(policy.Admin.String()),
		},
	}
}
