package auditstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/dynamo"
)

// maxForgotten is how many events one call changes: as many as a transaction can.
const maxForgotten = 100

// Forget implements audit.Eraser. It begins at the oldest event each time, so that a call that was cut off costs nothing but another.
// IAM: Query on Audit and on its index by-actor, UpdateItem on Audit.
func (s *Store) Forget(ctx context.Context, accountID string) (bool, error) {
	var keys []dynamo.Item
	for _, in := range []dynamodb.QueryInput{
		{KeyConditionExpression: aws.String("account_id = :id")},
		{KeyConditionExpression: aws.String("by_another = :id"), IndexName: aws.String(byActor)},
	} {
		in.ExpressionAttributeValues = dynamo.Item{":id": dynamo.S(accountID)}
		var err error
		if keys, err = s.addressed(ctx, in, keys); err != nil {
			return false, err
		}
	}
	if len(keys) == 0 {
		return true, nil
	}
	actions := make([]types.TransactWriteItem, len(keys))
	for i, key := range keys {
		actions[i].Update = &types.Update{
			TableName: aws.String(s.table), Key: key, UpdateExpression: aws.String("REMOVE source_ip"),
			ConditionExpression: aws.String("attribute_exists(at_id)"), // else a row that has expired meanwhile would come back
		}
	}
	err := dynamo.Transact(ctx, s.client, actions)
	if _, ok := errors.AsType[*dynamo.CancelledError](err); ok {
		return false, nil
	}
	return err == nil && len(keys) < maxForgotten, err
}

// addressed adds to keys those of the query's events that have an address, until there are maxForgotten.
func (s *Store) addressed(ctx context.Context, in dynamodb.QueryInput, keys []dynamo.Item) ([]dynamo.Item, error) {
	in.TableName = aws.String(s.table)
	in.FilterExpression, in.ProjectionExpression = aws.String("attribute_exists(source_ip)"), aws.String("account_id, at_id")
	for {
		rows, last, err := dynamo.Query(ctx, s.client, in)
		if err != nil {
			return nil, err
		}
		for _, row := range rows[:min(len(rows), maxForgotten-len(keys))] {
			keys = append(keys, dynamo.Item{"account_id": dynamo.S(row.Text("account_id")), "at_id": dynamo.S(row.Text("at_id"))})
		}
		if last == nil || len(keys) == maxForgotten {
			return keys, nil
		}
		in.ExclusiveStartKey = last
	}
}
