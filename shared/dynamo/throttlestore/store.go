// Package throttlestore counts in the Throttles table what addresses do on open routes.
package throttlestore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/dynamo"
	"sallyport/shared/throttle"
)

// Store implements throttle.Counter. It is safe for concurrent use.
type Store struct {
	client *dynamodb.Client
	table  string
}

var _ throttle.Counter = (*Store)(nil)

// New returns a Store of the named table.
func New(client *dynamodb.Client, table string) *Store { return &Store{client, table} }

// Key is the key of a subject's row.
func Key(subject string) dynamo.Item { return dynamo.Item{"subject": dynamo.S(subject)} }

// CountFailure implements throttle.Counter. IAM: UpdateItem on Throttles. When the answer of an attempt is lost, the next counts
// once more.
func (s *Store) CountFailure(ctx context.Context, subject string, limit int, expiresAt int64) (bool, error) {
	if limit <= 0 {
		return false, nil // a subject without a row has reached such a limit too
	}
	return dynamo.Happened(dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName: aws.String(s.table), Key: Key(subject),
		ConditionExpression: aws.String("attribute_not_exists(failures) OR failures < :limit"),
		UpdateExpression: aws.String("SET expires_at = :expires_at, blocked_until = if_not_exists(blocked_until, :never) " +
			"ADD failures :one"),
		ExpressionAttributeValues: dynamo.Item{
			":limit": dynamo.N(int64(limit)), ":expires_at": dynamo.N(expiresAt), ":never": dynamo.N(0), ":one": dynamo.N(1),
		},
	}))
}

// ForgiveFailure implements throttle.Counter. IAM: UpdateItem on Throttles. What has been forgotten already, or was never
// counted, stays so.
func (s *Store) ForgiveFailure(ctx context.Context, subject string) error {
	_, err := dynamo.Happened(dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName: aws.String(s.table), Key: Key(subject),
		ConditionExpression:       aws.String("failures > :none"),
		UpdateExpression:          aws.String("ADD failures :minus_one"),
		ExpressionAttributeValues: dynamo.Item{":none": dynamo.N(0), ":minus_one": dynamo.N(-1)},
	}))
	return err
}
