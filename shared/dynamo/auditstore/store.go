// Package auditstore keeps audit events in DynamoDB.
package auditstore

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/audit"
	"sallyport/shared/dynamo"
)

// MaxRetentionDays is the longest that an event may be kept.
const MaxRetentionDays = 3653

// Store is audit.Trail and audit.Eraser. It is safe for concurrent use.
type Store struct {
	client    *dynamodb.Client
	table     string
	retention time.Duration
}

var (
	_ audit.Trail  = (*Store)(nil)
	_ audit.Eraser = (*Store)(nil)
)

// New returns a Store whose events expire after the given number of days, from 1 to MaxRetentionDays.
func New(client *dynamodb.Client, table string, retentionDays int) *Store {
	return &Store{client: client, table: table, retention: time.Duration(retentionDays) * oneDay}
}

const oneDay = 24 * time.Hour

// Record implements audit.Trail. It changes no event that is there: that there is one of this ID means that an earlier attempt was done
// though its answer was lost, or that the event is recurring. IAM: PutItem on Audit.
func (s *Store) Record(ctx context.Context, event audit.Event) error {
	err := dynamo.Put(ctx, s.client, &dynamodb.PutItemInput{
		TableName: aws.String(s.table), Item: item(event.Stored(), s.retention), ConditionExpression: aws.String("attribute_not_exists(at_id)"),
	})
	if errors.Is(err, dynamo.ErrCondition) {
		return nil
	}
	return err
}
