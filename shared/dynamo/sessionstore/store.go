// Package sessionstore keeps token records in DynamoDB: it finds them and ends sessions. The authorizer links it, so it knows
// nothing of what only sign-in needs.
package sessionstore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/dynamo"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// Tables names the tables.
type Tables struct {
	Tokens   string
	Accounts string // only EndSession uses it
}

// Store is session.Records and session.Ender. It is safe for concurrent use.
type Store struct {
	client *dynamodb.Client
	tables Tables
}

var (
	_ session.Records = (*Store)(nil)
	_ session.Ender   = (*Store)(nil)
)

// New returns a Store.
func New(client *dynamodb.Client, tables Tables) *Store { return &Store{client, tables} }

// Record implements session.Records. IAM: GetItem on Tokens.
func (s *Store) Record(ctx context.Context, userID, tokenID token.ID) (session.Record, bool, error) {
	row, found, err := dynamo.Get(ctx, s.client, s.tables.Tokens, Key(userID, tokenID))
	if err != nil || !found {
		return session.Record{}, false, err
	}
	record := session.Record{
		UserID: row.ID("user_id"), TokenID: row.ID("token_id"),
		SessionID: row.Text("session_id"), Username: row.Text("username"), Role: row.Role("role"),
		IssuedAt: row.Number("issued_at"), ExpiresAt: row.Number("expires_at"), Sealed: row.Bytes("sealed"),
	}
	if err := row.Err(); err != nil {
		return session.Record{}, false, err
	}
	return record, true, nil
}

// Key returns a record's primary key in Tokens.
func Key(userID, tokenID token.ID) dynamo.Item {
	return dynamo.Item{"user_id": dynamo.S(userID.String()), "token_id": dynamo.S(tokenID.String())}
}

// Item returns a record's row in Tokens.
func Item(record session.Record) dynamo.Item {
	return dynamo.Item{
		"user_id":    dynamo.S(record.UserID.String()),
		"token_id":   dynamo.S(record.TokenID.String()),
		"session_id": dynamo.S(record.SessionID),
		"username":   dynamo.S(record.Username),
		"role":       dynamo.S(record.Role.String()),
		"issued_at":  dynamo.N(record.IssuedAt),
		"expires_at": dynamo.N(record.ExpiresAt),
		"sealed":     dynamo.B(record.Sealed),
	}
}
