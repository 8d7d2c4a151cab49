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

// Invitation implements account.RegistrationStore. IAM: GetItem on Invitations.
func (s *Store) Invitation(ctx context.Context, codeHash string) (account.Invitation, bool, error) {
	row, found, err := dynamo.Get(ctx, s.client, s.tables.Invitations, invitationKey(codeHash))
	if err != nil || !found {
		return account.Invitation{}, false, err
	}
	invitation := readInvitation(row)
	if err := row.Err(); err != nil {
		return account.Invitation{}, false, err
	}
	return invitation, true, nil
}

func readInvitation(row *dynamo.Row) account.Invitation {
	return account.Invitation{
		CodeHash: row.Text("code_hash"), Role: row.Role("role"), MadeBy: row.Text("made_by"), ExpiresAt: row.Number("expires_at"),
	}
}

func invitationKey(codeHash string) dynamo.Item { return dynamo.Item{"code_hash": dynamo.S(codeHash)} }

// AddInvitation implements account.InvitationAdder. IAM: PutItem on Invitations. It sets no condition, so that an attempt
// whose answer was lost can be repeated: there is no other row to overwrite, since the key comes of 128 random bits.
func (s *Store) AddInvitation(ctx context.Context, invitation account.Invitation) error {
	return dynamo.Put(ctx, s.client, &dynamodb.PutItemInput{
		TableName: aws.String(s.tables.Invitations),
		Item: dynamo.Item{
			"code_hash":  dynamo.S(invitation.CodeHash),
			"role":       dynamo.S(invitation.Role.String()),
			"made_by":    dynamo.S(invitation.MadeBy),
			"expires_at": dynamo.N(invitation.ExpiresAt),
		},
	})
}

// CreateAccount implements account.RegistrationStore. IAM: PutItem on Accounts, DeleteItem on Invitations. It is a transaction
// even without an invitation, because only a transaction can be repeated after its answer was lost: a second conditional
// PutItem would find the first one's row and call the name taken.
func (s *Store) CreateAccount(ctx context.Context, creation account.Creation) error {
	put := &types.Put{
		TableName: aws.String(s.tables.Accounts), Item: accountItem(creation.Account),
		ConditionExpression: aws.String("attribute_not_exists(username)"),
	}
	if replaced := creation.Replaces; replaced != nil {
		put.ConditionExpression = aws.String("#status = :pending AND user_id = :user_id AND revision = :revision")
		put.ExpressionAttributeNames = map[string]string{"#status": "status"}
		put.ExpressionAttributeValues = dynamo.Item{
			":pending": dynamo.S(string(account.Pending)),
			":user_id": dynamo.S(replaced.UserID.String()), ":revision": dynamo.N(replaced.Revision),
		}
	}
	actions := []types.TransactWriteItem{{Put: put}}
	if creation.Uses != "" {
		actions = append(actions, types.TransactWriteItem{Delete: &types.Delete{
			TableName: aws.String(s.tables.Invitations), Key: invitationKey(creation.Uses),
			ConditionExpression: aws.String("attribute_exists(code_hash)"),
		}})
	}
	return conflict(dynamo.Transact(ctx, s.client, actions))
}

// conflict translates what a transaction on an account says: whether a condition failed or another transaction was in the
// way, what the caller read has changed or is being changed.
func conflict(err error) error {
	_, cancelled := errors.AsType[*dynamo.CancelledError](err)
	if cancelled || errors.Is(err, dynamo.ErrContended) {
		return account.ErrConflict
	}
	return err
}
