package accountstore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
)

// AddChallenge implements account.BeginStore. IAM: PutItem on Challenges. It sets no condition, so that an attempt whose answer
// was lost can be repeated: there is no other row to overwrite, since the id is 128 random bits.
func (s *Store) AddChallenge(ctx context.Context, challenge account.Challenge) error {
	return dynamo.Put(ctx, s.client, &dynamodb.PutItemInput{
		TableName: aws.String(s.tables.Challenges),
		Item: dynamo.Item{
			"challenge_id":    dynamo.S(challenge.ID),
			"username":        dynamo.S(challenge.Username),
			"user_id":         dynamo.S(challenge.UserID.String()),
			"attempts":        dynamo.N(int64(challenge.Attempts)),
			"session_version": dynamo.N(challenge.SessionVersion),
			"expires_at":      dynamo.N(challenge.ExpiresAt),
		},
	})
}

// Challenge implements account.FinishStore. IAM: GetItem on Challenges.
func (s *Store) Challenge(ctx context.Context, id string) (account.Challenge, bool, error) {
	row, found, err := dynamo.Get(ctx, s.client, s.tables.Challenges, challengeKey(id))
	if err != nil || !found {
		return account.Challenge{}, false, err
	}
	challenge := account.Challenge{
		ID: row.Text("challenge_id"), Username: row.Text("username"), UserID: row.ID("user_id"), Attempts: row.Count("attempts"),
		SessionVersion: row.Number("session_version"), ExpiresAt: row.Number("expires_at"),
	}
	if err := row.Err(); err != nil {
		return account.Challenge{}, false, err
	}
	return challenge, true, nil
}

func challengeKey(id string) dynamo.Item { return dynamo.Item{"challenge_id": dynamo.S(id)} }

// CountAttempt implements account.FinishStore. IAM: UpdateItem on Challenges. When the answer of an attempt is lost, the next
// counts once more: rather one try too few for the caller than one too many.
func (s *Store) CountAttempt(ctx context.Context, id string, limit int, now int64) (bool, error) {
	err := dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName: aws.String(s.tables.Challenges),
		Key:       challengeKey(id),
		// Neither holds for a challenge that is gone, so none is made by counting.
		ConditionExpression: aws.String("attempts < :limit AND expires_at > :now"),
		UpdateExpression:    aws.String("ADD attempts :one"),
		ExpressionAttributeValues: dynamo.Item{
			":limit": dynamo.N(int64(limit)), ":now": dynamo.N(now), ":one": dynamo.N(1),
		},
	})
	return dynamo.Happened(err)
}
