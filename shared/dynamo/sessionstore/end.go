package sessionstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/dynamo"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// RemoveRecord implements session.Remover. IAM: DeleteItem on Tokens.
func (s *Store) RemoveRecord(ctx context.Context, userID, tokenID token.ID) error {
	return dynamo.Delete(ctx, s.client, &dynamodb.DeleteItemInput{TableName: aws.String(s.tables.Tokens), Key: Key(userID, tokenID)})
}

// EndSession implements session.Ender. IAM: DeleteItem on Tokens, UpdateItem on Accounts.
func (s *Store) EndSession(ctx context.Context, identity session.Identity) error {
	tokens, key := aws.String(s.tables.Tokens), Key(identity.UserID, identity.TokenID)
	list := "sessions"
	if identity.Kind == token.API {
		list = "api_tokens"
	}
	err := dynamo.Transact(ctx, s.client, []types.TransactWriteItem{
		{Delete: &types.Delete{TableName: tokens, Key: key}},
		{Update: &types.Update{
			TableName: aws.String(s.tables.Accounts),
			Key:       dynamo.Item{"username": dynamo.S(identity.Username)},
			// The token's entry may be gone (ended before, or pruned), and so may be the account, or another may have its
			// name: then there is nothing to strike off.
			ConditionExpression:      aws.String("user_id = :user_id AND attribute_exists(#list.#token)"),
			UpdateExpression:         aws.String("REMOVE #list.#token ADD revision :one"),
			ExpressionAttributeNames: map[string]string{"#list": list, "#token": identity.TokenID.String()},
			ExpressionAttributeValues: dynamo.Item{
				":user_id": dynamo.S(identity.UserID.String()), ":one": dynamo.N(1),
			},
		}},
	})
	if _, unlisted := errors.AsType[*dynamo.CancelledError](err); unlisted {
		// No token comes into an account's list but together with its row, so what is unlisted stays so, and the row, if
		// there still is one, can go alone.
		return dynamo.Delete(ctx, s.client, &dynamodb.DeleteItemInput{TableName: tokens, Key: key})
	}
	return err
}
