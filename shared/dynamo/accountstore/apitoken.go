package accountstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/sessionstore"
)

// AddAPIToken implements account.APITokenStore. IAM: UpdateItem on Accounts, PutItem and ConditionCheckItem on Tokens.
//
// The revision alone would do for the account; the other conditions say in the database's own words whose token must never come to be:
// that of an account which is disabled, has another role, or is not signed in where it is made. That the session has its record is asked
// besides, since a stolen one ends by its record alone.
func (s *Store) AddAPIToken(ctx context.Context, in account.APITokenAddition) error {
	const bySession = 2 // the index of its action
	tokens := aws.String(s.tables.Tokens)
	err := dynamo.Transact(ctx, s.client, []types.TransactWriteItem{
		{Update: &types.Update{
			TableName: aws.String(s.tables.Accounts),
			Key:       accountKey(in.Before.Username),
			ConditionExpression: aws.String("user_id = :user_id AND revision = :revision AND #status = :active AND #role = :role " +
				"AND attribute_exists(sessions.#by)"),
			UpdateExpression:         aws.String("SET api_tokens = :api_tokens ADD revision :one"),
			ExpressionAttributeNames: map[string]string{"#status": "status", "#role": "role", "#by": in.By.String()},
			ExpressionAttributeValues: dynamo.Item{
				":user_id": dynamo.S(in.Before.UserID.String()), ":revision": dynamo.N(in.Before.Revision),
				":active": dynamo.S(string(account.Active)), ":role": dynamo.S(in.Before.Role.String()),
				":api_tokens": apiTokensValue(in.After.APITokens), ":one": dynamo.N(1),
			},
		}},
		{Put: &types.Put{
			TableName: tokens, Item: sessionstore.Item(in.Record), ConditionExpression: aws.String("attribute_not_exists(token_id)"),
		}},
		{ConditionCheck: &types.ConditionCheck{
			TableName: tokens, Key: sessionstore.Key(in.Before.UserID, in.By), ConditionExpression: aws.String("attribute_exists(token_id)"),
		}},
	})
	if cancelled, ok := errors.AsType[*dynamo.CancelledError](err); ok && cancelled.Failed(bySession) {
		return account.ErrSessionEnded // for good, so that it counts for more than a conflict
	}
	return conflict(err)
}
