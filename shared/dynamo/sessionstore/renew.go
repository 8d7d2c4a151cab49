package sessionstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/dynamo"
	"sallyport/shared/session"
)

// ReplaceToken implements session.RenewStore. IAM: UpdateItem on Tokens.
func (s *Store) ReplaceToken(ctx context.Context, before, after session.Record) error {
	err := dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName:           aws.String(s.tables.Tokens),
		Key:                 Key(before.UserID, before.TokenID),
		ConditionExpression: aws.String("issued_at = :before"), // false too if there is no row
		UpdateExpression: aws.String("SET issued_at = :issued_at, expires_at = :expires_at, sealed = :sealed, " +
			"renewed_at = :renewed_at, previous_issued_at = :before"),
		ExpressionAttributeValues: dynamo.Item{
			":before": dynamo.N(before.IssuedAt), ":issued_at": dynamo.N(after.IssuedAt), ":expires_at": dynamo.N(after.ExpiresAt),
			":sealed": dynamo.B(after.Sealed), ":renewed_at": dynamo.N(after.RenewedAt),
		},
	})
	if errors.Is(err, dynamo.ErrCondition) {
		return session.ErrRenewed
	}
	return err
}
