package accountstore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/dynamo"
	"sallyport/shared/token"
)

// byUserID is the index of Accounts, and that of Challenges, by user_id. They hold keys alone (template.yaml).
const byUserID = "by-user-id"

// Username implements account.Finder. IAM: Query on the index by-user-id of Accounts.
func (s *Store) Username(ctx context.Context, userID token.ID) (string, bool, error) {
	rows, _, err := s.indexed(ctx, s.tables.Accounts, userID, nil)
	if err != nil || len(rows) == 0 {
		return "", false, err
	}
	username := rows[0].Text("username")
	return username, true, rows[0].Err()
}

// indexed returns a page of the keys of a table's rows with this user id, as its index has them, and where the next page begins.
func (s *Store) indexed(ctx context.Context, table string, userID token.ID, start dynamo.Item) (rows []*dynamo.Row, last dynamo.Item, err error) {
	return dynamo.Query(ctx, s.client, dynamodb.QueryInput{
		TableName: aws.String(table), IndexName: aws.String(byUserID), ExclusiveStartKey: start,
		KeyConditionExpression:    aws.String("user_id = :user_id"),
		ExpressionAttributeValues: dynamo.Item{":user_id": dynamo.S(userID.String())},
	})
}
