package accountstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/throttlestore"
)

// SetThrottle implements account.Throttles. IAM: PutItem and DeleteItem on Throttles. When the answer of an attempt is lost,
// the next reports ErrConflict, and the failure may be counted once more: rather a longer wait than a guess for free.
func (s *Store) SetThrottle(ctx context.Context, subject string, seen, next account.Throttle) (account.Throttle, error) {
	condition, values := "attribute_not_exists(subject)", dynamo.Item(nil)
	if seen != (account.Throttle{}) {
		condition = "failures = :failures AND blocked_until = :blocked_until AND expires_at = :expires_at"
		values = dynamo.Item{
			":failures": dynamo.N(int64(seen.Failures)), ":blocked_until": dynamo.N(seen.BlockedUntil),
			":expires_at": dynamo.N(seen.ExpiresAt),
		}
	}
	var err error
	if next == (account.Throttle{}) {
		err = dynamo.Delete(ctx, s.client, &dynamodb.DeleteItemInput{
			TableName: aws.String(s.tables.Throttles), Key: throttlestore.Key(subject),
			ConditionExpression: aws.String(condition), ExpressionAttributeValues: values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
	} else {
		err = dynamo.Put(ctx, s.client, &dynamodb.PutItemInput{
			TableName: aws.String(s.tables.Throttles),
			Item: dynamo.Item{
				"subject":  dynamo.S(subject),
				"failures": dynamo.N(int64(next.Failures)), "blocked_until": dynamo.N(next.BlockedUntil),
				"expires_at": dynamo.N(next.ExpiresAt),
			},
			ConditionExpression: aws.String(condition), ExpressionAttributeValues: values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
	}
	switch {
	case err == nil:
		return next, nil
	case !errors.Is(err, dynamo.ErrCondition):
		return account.Throttle{}, err
	}
	row, found := dynamo.RowOf(err, s.tables.Throttles)
	if !found {
		return account.Throttle{}, account.ErrConflict
	}
	there := account.Throttle{
		Failures: row.Count("failures"), BlockedUntil: row.Number("blocked_until"), ExpiresAt: row.Number("expires_at"),
	}
	if err := row.Err(); err != nil {
		return account.Throttle{}, err
	}
	return there, account.ErrConflict
}

// ClearThrottle implements account.Throttles. IAM: DeleteItem on Throttles.
func (s *Store) ClearThrottle(ctx context.Context, subject string) error {
	return dynamo.Delete(ctx, s.client, &dynamodb.DeleteItemInput{
		TableName: aws.String(s.tables.Throttles), Key: throttlestore.Key(subject),
	})
}
