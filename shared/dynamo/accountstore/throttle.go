package accountstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/throttlestore"
)

// Throttle implements account.Throttles. IAM: GetItem on Throttles.
func (s *Store) Throttle(ctx context.Context, subject string) (account.Throttle, error) {
	row, found, err := dynamo.Get(ctx, s.client, s.tables.Throttles, throttlestore.Key(subject))
	if err != nil || !found {
		return account.Throttle{}, err
	}
	throttle := account.Throttle{
		Failures: row.Count("failures"), BlockedUntil: row.Number("blocked_until"), ExpiresAt: row.Number("expires_at"),
	}
	if err := row.Err(); err != nil {
		return account.Throttle{}, err
	}
	return throttle, nil
}

// SetThrottle implements account.Throttles. IAM: PutItem and DeleteItem on Throttles. When the answer of an attempt is lost,
// the next reports ErrConflict, and the failure may be counted once more: rather a longer wait than a guess for free.
func (s *Store) SetThrottle(ctx context.Context, subject string, seen, next account.Throttle) error {
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
		})
	}
	if errors.Is(err, dynamo.ErrCondition) {
		return account.ErrConflict
	}
	return err
}

// ClearThrottle implements account.Throttles. IAM: DeleteItem on Throttles.
func (s *Store) ClearThrottle(ctx context.Context, subject string) error {
	return dynamo.Delete(ctx, s.client, &dynamodb.DeleteItemInput{
		TableName: aws.String(s.tables.Throttles), Key: throttlestore.Key(subject),
	})
}
