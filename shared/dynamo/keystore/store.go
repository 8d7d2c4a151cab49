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

// Shred throws the day's wrapped key away and raises its generation, so that the next sign-in makes another key: whatever was
// signed or sealed under the old one is refused as soon as no instance holds it any more (envelope.MaxKeyAge). It reports false
// if the day has no key, and so nothing to shred. IAM: UpdateItem on DataKeys. A day has 255 generations; after them the error
// says so. When the answer of an attempt is lost, the next reports false.
func (s *Store) Shred(ctx context.Context, day uint32) (bool, error) {
	err := dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName:           aws.String(s.table),
		Key:                 dynamo.Item{"key_day": dynamo.S(envelope.Date(day))},
		ConditionExpression: aws.String("attribute_exists(wrapped_key) AND generation < :last"),
		UpdateExpression:    aws.String("REMOVE wrapped_key ADD generation :one"),
		ExpressionAttributeValues: dynamo.Item{
			":one": dynamo.N(1), ":last": dynamo.N(math.MaxUint8),
		},
	})
	if err == nil || !errors.Is(err, dynamo.ErrCondition) {
		return err == nil, err
	}
	row, found, err := s.WrappedKey(ctx, day)
	if err == nil && found && len(row.Wrapped) > 0 && row.Generation == math.MaxUint8 {
		return false, fmt.Errorf("keystore: the key of %s has no generation left: delete the token rows, and wait for the next day",
			envelope.Date(day))
	}
	return false, err
}
