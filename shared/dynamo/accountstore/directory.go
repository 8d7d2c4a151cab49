package accountstore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
)

// scanned is the most rows that one page of a list looks at when it may have to pass many over. DynamoDB reads at most 1 MB besides: some
// hundred accounts.
const scanned = 1000

// Accounts implements account.DirectoryStore. It reads one page of the table, whatever that yields, so that its cost has a bound. IAM: Scan
// on Accounts.
func (s *Store) Accounts(ctx context.Context, filter account.Filter, page account.Page) ([]account.Listed, string, error) {
	in := dynamodb.ScanInput{
		TableName:            aws.String(s.tables.Accounts),
		ProjectionExpression: aws.String("username, user_id, #role, #status, created_at"),
		ExpressionAttributeNames: map[string]string{
			"#role": "role", "#status": "status",
		},
		Limit: aws.Int32(int32(page.Limit)), //nolint:gosec // G115: at most 100
	}
	role := ""
	if filter.Role != nil {
		role = filter.Role.String()
	}
	if filter != (account.Filter{}) {
		in.Limit = aws.Int32(scanned)
	}
	return list(ctx, s, in, []string{"accounts", role, string(filter.Status)}, "username", page, func(row *dynamo.Row) (account.Listed, bool) {
		listed := account.Listed{
			UserID: row.ID("user_id"), Username: row.Text("username"), Role: row.Role("role"), Status: status(row), CreatedAt: row.Number("created_at"),
		}
		return listed, filter.Matches(listed)
	})
}

// list returns a page of what read makes of a table's rows, and lets through. The rows have the one key attribute named, and query says
// which list it is (dynamo.NewCursors).
func list[T any](
	ctx context.Context, s *Store, in dynamodb.ScanInput, query []string, key string, page account.Page, read func(*dynamo.Row) (T, bool),
) ([]T, string, error) {
	cursors := dynamo.NewCursors([]string{key}, query...)
	var err error
	if in.ExclusiveStartKey, err = cursors.Key(page.Cursor); err != nil {
		return nil, "", err
	}
	rows, last, err := dynamo.Scan(ctx, s.client, in)
	if err != nil {
		return nil, "", err
	}
	var entries []T
	for i, row := range rows {
		entry, matches := read(row)
		if err := row.Err(); err != nil {
			return nil, "", err
		}
		if matches {
			entries = append(entries, entry)
		}
		if len(entries) == page.Limit && i < len(rows)-1 { // the rest is for the next page
			last = dynamo.Item{key: dynamo.S(row.Text(key))}
			break
		}
	}
	next, err := cursors.Text(last)
	return entries, next, err
}
