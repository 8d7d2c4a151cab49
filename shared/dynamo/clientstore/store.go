// Package clientstore keeps clients in DynamoDB.
package clientstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/client"
	"sallyport/shared/dynamo"
	"sallyport/shared/token"
)

// Store is client.Keeper and client.Finder. It is safe for concurrent use.
type Store struct {
	database *dynamodb.Client
	table    string
}

var (
	_ client.Keeper = (*Store)(nil)
	_ client.Finder = (*Store)(nil)
)

// New returns a Store of the named table.
func New(database *dynamodb.Client, table string) *Store { return &Store{database, table} }

// AddClient implements client.Keeper. IAM: PutItem on Clients.
func (s *Store) AddClient(ctx context.Context, added client.Client) error {
	return dynamo.Put(ctx, s.database, &dynamodb.PutItemInput{TableName: aws.String(s.table), Item: dynamo.Item{
		"client_id":   dynamo.S(added.ID.String()),
		"name":        dynamo.S(added.Name),
		"secret_hash": dynamo.B(added.SecretHash[:]),
		"made_by":     dynamo.S(added.MadeBy.String()),
		"created_at":  dynamo.N(added.CreatedAt),
	}})
}

// RemoveClient implements client.Keeper. IAM: DeleteItem on Clients. It is a transaction, because only that can be repeated after its
// answer was lost: a second conditional DeleteItem would not find what the first one has deleted.
func (s *Store) RemoveClient(ctx context.Context, id token.ID) error {
	err := dynamo.Transact(ctx, s.database, []types.TransactWriteItem{{Delete: &types.Delete{
		TableName: aws.String(s.table), Key: key(id), ConditionExpression: aws.String("attribute_exists(client_id)"),
	}}})
	if _, absent := errors.AsType[*dynamo.CancelledError](err); absent {
		return client.ErrNoClient
	}
	return err
}

// Clients implements client.Keeper. IAM: Scan on Clients.
func (s *Store) Clients(ctx context.Context, limit int, cursor string) ([]client.Client, string, error) {
	cursors := dynamo.NewCursors([]string{"client_id"}, "clients")
	start, err := cursors.Key(cursor)
	if err != nil {
		return nil, "", err
	}
	rows, last, err := dynamo.Scan(ctx, s.database, dynamodb.ScanInput{
		TableName: aws.String(s.table), Limit: aws.Int32(int32(limit)), ExclusiveStartKey: start, //nolint:gosec // G115: a page's limit
	})
	if err != nil {
		return nil, "", err
	}
	page := make([]client.Client, len(rows))
	for i, row := range rows {
		if page[i], err = read(row); err != nil {
			return nil, "", err
		}
	}
	next, err := cursors.Text(last)
	return page, next, err
}

// Client implements client.Finder. IAM: GetItem on Clients.
func (s *Store) Client(ctx context.Context, id token.ID) (client.Client, bool, error) {
	row, found, err := dynamo.Get(ctx, s.database, s.table, key(id))
	if err != nil || !found {
		return client.Client{}, false, err
	}
	one, err := read(row)
	return one, err == nil, err
}

func key(id token.ID) dynamo.Item { return dynamo.Item{"client_id": dynamo.S(id.String())} }

func read(row *dynamo.Row) (client.Client, error) {
	one := client.Client{
		ID: row.ID("client_id"), Name: row.Text("name"), MadeBy: row.ID("made_by"), CreatedAt: row.Number("created_at"),
	}
	kept := row.Bytes("secret_hash")
	if len(kept) != len(one.SecretHash) {
		row.Refuse("secret_hash", "is no hash")
	}
	copy(one.SecretHash[:], kept)
	if err := row.Err(); err != nil {
		return client.Client{}, err
	}
	return one, nil
}
