package accountstore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/sessionstore"
)

// ChangeAccount implements account.ChangeStore. IAM: PutItem on Accounts, or DeleteItem to remove one; DeleteItem on Tokens.
func (s *Store) ChangeAccount(ctx context.Context, change account.Change) error {
	condition, values := aws.String("attribute_not_exists(username)"), dynamo.Item(nil)
	if before := change.Before; before != nil {
		condition = aws.String("user_id = :user_id AND revision = :revision")
		values = dynamo.Item{":user_id": dynamo.S(before.UserID.String()), ":revision": dynamo.N(before.Revision)}
	}
	table := aws.String(s.tables.Accounts)
	var action types.TransactWriteItem
	if change.After != nil {
		action.Put = &types.Put{
			TableName: table, Item: accountItem(*change.After), ConditionExpression: condition, ExpressionAttributeValues: values,
		}
	} else {
		action.Delete = &types.Delete{
			TableName: table, Key: accountKey(change.Before.Username), ConditionExpression: condition, ExpressionAttributeValues: values,
		}
	}
	actions := []types.TransactWriteItem{action}
	for _, id := range change.Ended {
		actions = append(actions, types.TransactWriteItem{Delete: &types.Delete{
			TableName: aws.String(s.tables.Tokens), Key: sessionstore.Key(change.Of().UserID, id),
		}})
	}
	return conflict(dynamo.Transact(ctx, s.client, actions))
}
