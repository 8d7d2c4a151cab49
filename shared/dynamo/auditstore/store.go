// Package auditstore keeps audit events in DynamoDB.
package auditstore

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/audit"
	"sallyport/shared/dynamo"
)

// Nobody stands where an event has no account: a key cannot be empty.
const Nobody = "-"

// Store is audit.Trail. It is safe for concurrent use.
type Store struct {
	client    *dynamodb.Client
	table     string
	retention time.Duration
}

var _ audit.Trail = (*Store)(nil)

// MaxRetentionDays is the longest that an event may be kept.
const MaxRetentionDays = 3653

// New returns a Store whose events expire after the given number of days.
func New(client *dynamodb.Client, table string, retentionDays int) *Store {
	return &Store{client: client, table: table, retention: time.Duration(retentionDays) * 24 * time.Hour}
}

// Record implements audit.Trail. IAM: PutItem on Audit.
func (s *Store) Record(ctx context.Context, event audit.Event) error {
	return dynamo.Put(ctx, s.client, &dynamodb.PutItemInput{TableName: aws.String(s.table), Item: s.item(event)})
}

// item is an event's row. Its sort key begins with the time in a fixed width, so that events are in their order.
func (s *Store) item(event audit.Event) dynamo.Item {
	at := event.At.UTC()
	account := event.AccountID
	if account == "" {
		account = Nobody
	}
	item := dynamo.Item{
		"account_id": dynamo.S(account),
		"at_id":      dynamo.S(fmt.Sprintf("%013d#%s", at.UnixMilli(), rand.Text())),
		"day":        dynamo.S(at.Format(time.DateOnly)),
		"at":         dynamo.N(at.UnixMilli()),
		"action":     dynamo.S(event.Action),
		"outcome":    dynamo.S(string(event.Outcome)),
		"expires_at": dynamo.N(at.Add(s.retention).Unix()),
	}
	for name, text := range map[string]string{
		"reason": event.Reason, "actor_id": event.ActorID, "session_id": event.SessionID, "token_id": event.TokenID,
		"target": event.Target, "source_ip": event.Address, "request_id": event.RequestID,
	} {
		if text != "" {
			item[name] = dynamo.S(text)
		}
	}
	return item
}
