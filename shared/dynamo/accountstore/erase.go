package accountstore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/token"
)

// DeleteChallenges implements account.EraseStore. IAM: Query on the index by-user-id of Challenges, DeleteItem on Challenges. What was
// written in the moments before is not in the index yet, and expires.
func (s *Store) DeleteChallenges(ctx context.Context, userID token.ID) error {
	var start dynamo.Item
	for {
		rows, last, err := s.indexed(ctx, s.tables.Challenges, userID, start)
		if err != nil {
			return err
		}
		for _, row := range rows {
			id := row.Text("challenge_id")
			if err := row.Err(); err != nil {
				return err
			}
			if err := dynamo.Delete(ctx, s.client, &dynamodb.DeleteItemInput{
				TableName: aws.String(s.tables.Challenges), Key: challengeKey(id),
			}); err != nil {
				return err
			}
		}
		if start = last; start == nil {
			return nil
		}
	}
}

// DeleteTokens implements account.EraseStore. IAM: Query and DeleteItem on Tokens.
func (s *Store) DeleteTokens(ctx context.Context, userID token.ID) error {
	in := dynamodb.QueryInput{
		TableName: aws.String(s.tables.Tokens), KeyConditionExpression: aws.String("user_id = :user_id"),
		ProjectionExpression: aws.String("user_id, token_id"), ExpressionAttributeValues: dynamo.Item{":user_id": dynamo.S(userID.String())},
	}
	for {
		rows, last, err := dynamo.Query(ctx, s.client, in)
		if err != nil {
			return err
		}
		for _, row := range rows {
			key := sessionstore.Key(userID, row.ID("token_id"))
			if err := row.Err(); err != nil {
				return err
			}
			if err := dynamo.Delete(ctx, s.client, &dynamodb.DeleteItemInput{TableName: in.TableName, Key: key}); err != nil {
				return err
			}
		}
		if in.ExclusiveStartKey = last; last == nil {
			return nil
		}
	}
}
