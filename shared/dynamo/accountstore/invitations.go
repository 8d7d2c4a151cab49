package accountstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
)

// Invitations implements account.InvitationStore. It reads one page of the table. IAM: Scan on Invitations.
func (s *Store) Invitations(ctx context.Context, now int64, page account.Page) ([]account.Invitation, string, error) {
	in := dynamodb.ScanInput{TableName: aws.String(s.tables.Invitations), Limit: aws.Int32(scanned)} // expired rows go late
	return list(ctx, s, in, []string{"invitations"}, "code_hash", page, func(row *dynamo.Row) (account.Invitation, bool) {
		invitation := readInvitation(row)
		return invitation, invitation.ExpiresAt > now
	})
}

// WithdrawInvitation implements account.InvitationStore. IAM: DeleteItem on Invitations. It is a transaction, because only that can be
// repeated after its answer was lost: a second conditional DeleteItem would not find what the first one has deleted.
func (s *Store) WithdrawInvitation(ctx context.Context, codeHash string, now int64) (bool, error) {
	err := dynamo.Transact(ctx, s.client, []types.TransactWriteItem{{Delete: &types.Delete{
		TableName: aws.String(s.tables.Invitations), Key: invitationKey(codeHash),
		ConditionExpression:       aws.String("expires_at > :now"),
		ExpressionAttributeValues: dynamo.Item{":now": dynamo.N(now)},
	}}})
	if _, absent := errors.AsType[*dynamo.CancelledError](err); absent {
		return false, nil
	}
	return err == nil, err
}
