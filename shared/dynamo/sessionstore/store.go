// Package sessionstore keeps token records in DynamoDB: it finds them and ends sessions. The authorizer links it, so it knows
// nothing of what only sign-in needs.
package sessionstore

import (
	"context"
	"slices"

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

// Store is every store that package session asks for. It is safe for concurrent use.
type Store struct {
	client *dynamodb.Client
	tables Tables
}

var (
	_ session.RecordStore = (*Store)(nil)
	_ session.RenewStore  = (*Store)(nil)
	_ session.Ender       = (*Store)(nil)
	_ session.Lister      = (*Store)(nil)
)

// New returns a Store.
func New(client *dynamodb.Client, tables Tables) *Store { return &Store{client, tables} }

// Record implements session.Records. IAM: GetItem on Tokens.
func (s *Store) Record(ctx context.Context, userID, tokenID token.ID) (session.Record, bool, error) {
	row, found, err := dynamo.Get(ctx, s.client, s.tables.Tokens, Key(userID, tokenID))
	if err != nil || !found || sealedBefore(row) {
		return session.Record{}, false, err
	}
	record, err := Read(row)
	return record, err == nil, err
}

// RecordsOf implements session.Lister. IAM: BatchGetItem on Tokens.
func (s *Store) RecordsOf(ctx context.Context, userID token.ID, tokenIDs []token.ID) ([]session.Record, error) {
	keys := make([]dynamo.Item, len(tokenIDs))
	for i, id := range tokenIDs {
		keys[i] = Key(userID, id)
	}
	rows, err := dynamo.BatchGet(ctx, s.client, s.tables.Tokens, keys)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, sealedBefore)
	records := make([]session.Record, len(rows))
	for i, row := range rows {
		if records[i], err = Read(row); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// sealedBefore reports whether a row is from before records had a kind, which their seal binds now: it opens for nobody, and its owner signs
// in again. That is no damage, and no alarm: one would take back the very deployment that brings this.
func sealedBefore(row *dynamo.Row) bool { return !row.Has("kind") && row.Has("sealed") }

// Read returns the record that a row of Tokens is. An error's code is apperr.Corrupt.
func Read(row *dynamo.Row) (session.Record, error) {
	record := session.Record{
		Kind: kind(row), UserID: row.ID("user_id"), TokenID: row.ID("token_id"),
		SessionID: row.Text("session_id"), Username: row.Text("username"), Role: row.Role("role"),
		CreatedAt: row.Number("created_at"), IssuedAt: row.Number("issued_at"), ExpiresAt: row.Number("expires_at"), LimitAt: row.Number("limit_at"),
		Sealed: row.Bytes("sealed"),
	}
	if row.Has("renewed_at") {
		record.RenewedAt, record.PreviousIssuedAt = row.Number("renewed_at"), row.Number("previous_issued_at")
	}
	if row.Has("routes") {
		record.Routes = row.Routes("routes")
	}
	if err := row.Err(); err != nil {
		return session.Record{}, err
	}
	return record, nil
}

func kind(row *dynamo.Row) token.Kind {
	k, ok := token.ParseKind(row.Text("kind"))
	if !ok {
		row.Refuse("kind", "is no kind of token")
	}
	return k
}

// Key returns a record's primary key in Tokens.
func Key(userID, tokenID token.ID) dynamo.Item {
	return dynamo.Item{"user_id": dynamo.S(userID.String()), "token_id": dynamo.S(tokenID.String())}
}

// Item returns a record's row in Tokens.
func Item(record session.Record) dynamo.Item {
	item := dynamo.Item{
		"user_id":    dynamo.S(record.UserID.String()),
		"token_id":   dynamo.S(record.TokenID.String()),
		"kind":       dynamo.S(record.Kind.String()),
		"session_id": dynamo.S(record.SessionID),
		"username":   dynamo.S(record.Username),
		"role":       dynamo.S(record.Role.String()),
		"created_at": dynamo.N(record.CreatedAt),
		"issued_at":  dynamo.N(record.IssuedAt),
		"expires_at": dynamo.N(record.ExpiresAt),
		"limit_at":   dynamo.N(record.LimitAt),
		"sealed":     dynamo.B(record.Sealed),
	}
	if record.RenewedAt != 0 {
		item["renewed_at"], item["previous_issued_at"] = dynamo.N(record.RenewedAt), dynamo.N(record.PreviousIssuedAt)
	}
	if len(record.Routes) > 0 {
		item["routes"] = dynamo.Routes(record.Routes)
	}
	return item
}
