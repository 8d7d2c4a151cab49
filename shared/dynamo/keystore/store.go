// Package keystore keeps wrapped data keys in DynamoDB.
package keystore

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/dynamo"
	"sallyport/shared/envelope"
)

// Store is envelope.KeyStore. It is safe for concurrent use.
type Store struct {
	client *dynamodb.Client
	table  string
}

var _ envelope.KeyStore = (*Store)(nil)

// New returns a Store over the named DataKeys table.
func New(client *dynamodb.Client, table string) *Store { return &Store{client, table} }

// WrappedKey implements envelope.KeyStore. IAM: GetItem on DataKeys.
func (s *Store) WrappedKey(ctx context.Context, day uint32) (envelope.WrappedKey, bool, error) {
	row, found, err := dynamo.Get(ctx, s.client, s.table, dynamo.Item{"key_day": dynamo.S(envelope.Date(day))})
	if err != nil || !found {
		return envelope.WrappedKey{}, false, err
	}
	key := envelope.WrappedKey{
		Day:        day,
		Generation: uint8(row.Int("generation", math.MaxUint8)), //nolint:gosec // G115: Int keeps the bound
		ExpiresAt:  row.Number("expires_at"),
	}
	if row.Has("wrapped_key") { // a shredded row has none
		key.Wrapped = row.Bytes("wrapped_key")
	}
	if err := row.Err(); err != nil {
		return envelope.WrappedKey{}, false, fmt.Errorf("%w: %w", envelope.ErrCorrupt, err)
	}
	return key, true, nil
}

// AddWrappedKey implements envelope.KeyStore. IAM: PutItem on DataKeys. When the answer of a first attempt is lost, it may
// report false although the row is k's own; a maker that reads the row again, as it must, finds that out.
func (s *Store) AddWrappedKey(ctx context.Context, k envelope.WrappedKey) (bool, error) {
	err := dynamo.Put(ctx, s.client, &dynamodb.PutItemInput{
		TableName: aws.String(s.table),
		Item: dynamo.Item{
			"key_day":     dynamo.S(envelope.Date(k.Day)),
			"generation":  dynamo.N(int64(k.Generation)),
			"wrapped_key": dynamo.B(k.Wrapped),
			"expires_at":  dynamo.N(k.ExpiresAt),
		},
		ConditionExpression: aws.String(
			"attribute_not_exists(key_day) OR (attribute_not_exists(wrapped_key) AND generation = :generation)"),
		ExpressionAttributeValues: dynamo.Item{":generation": dynamo.N(int64(k.Generation))},
	})
	if errors.Is(err, dynamo.ErrCondition) {
		return false, nil
	}
	return err == nil, err
}
