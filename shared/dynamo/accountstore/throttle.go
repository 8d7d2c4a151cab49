package accountstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
)

// Throttle implements account.Throttles. IAM: GetItem on Throttles.
func (s *Store) Throttle(ctx context.Context, subject string) (account.Throttle, error) {
	row, found, err := dynamo.Get(ctx, s.client, s.tables.Throttles, throttleKey(subject))
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

func throttleKey(subject string) dynamo.Item { return dynamo.Item{"subject": dynamo.S(subject)} }

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
			TableName: aws.String(s.tables.Throttles), Key: throttleKey(subject),
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
		TableName: aws.String(s.tables.Throttles), Key: throttleKey(subject),
	})
}

// CountFailure implements account.FailureCounter. IAM: UpdateItem on Throttles. When the answer of an attempt is lost, the
// next counts once more.
func (s *Store) CountFailure(ctx context.Context, subject string, limit int, expiresAt int64) (bool, error) {
	if limit <= 0 {
		return false, nil // a subject without a row has reached such a limit too
	}
	return happened(dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName: aws.String(s.tables.Throttles), Key: throttleKey(subject),
		ConditionExpression: aws.String("attribute_not_exists(failures) OR failures < :limit"),
		UpdateExpression: aws.String("SET expires_at = :expires_at, blocked_until = if_not_exists(blocked_until, :never) " +
			"ADD failures :one"),
		ExpressionAttributeValues: dynamo.Item{
			":limit": dynamo.N(int64(limit)), ":expires_at": dynamo.N(expiresAt), ":never": dynamo.N(0), ":one": dynamo.N(1),
		},
	}))
}

// ForgiveFailure implements account.FailureCounter. IAM: UpdateItem on Throttles. What has been forgotten already, or was
// never counted, stays so.
func (s *Store) ForgiveFailure(ctx context.Context, subject string) error {
	_, err := happened(dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName: aws.String(s.tables.Throttles), Key: throttleKey(subject),
		ConditionExpression:       aws.String("failures > :none"),
		UpdateExpression:          aws.String("ADD failures :minus_one"),
		ExpressionAttributeValues: dynamo.Item{":none": dynamo.N(0), ":minus_one": dynamo.N(-1)},
	}))
	return err
}
