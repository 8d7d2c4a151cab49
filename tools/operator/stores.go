package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/tools/operator/stack"
)

// The outputs of template.yaml that the commands read.
const (
	outputURL         = "ApiUrl"
	outputInvitations = "InvitationsTableName"
	outputAccounts    = "AccountsTableName"
	outputTokens      = "TokensTableName"
	outputThrottles   = "ThrottlesTableName"
	outputDataKeys    = "DataKeysTableName"
)

// deployed is a stack and a client of its tables.
type deployed struct {
	stack.Stack
	client *dynamodb.Client
}

// connect finds the stack with the operator's credentials.
func connect(ctx context.Context, name string) (deployed, error) {
	cfg, err := stack.Load(ctx)
	if err != nil {
		return deployed{}, err
	}
	found, err := stack.Find(ctx, cfg, name)
	if err != nil {
		return deployed{}, err
	}
	return deployed{found, dynamodb.NewFromConfig(cfg)}, nil
}

// tables names what the commands on accounts touch.
func (d deployed) tables() (accountstore.Tables, error) {
	var tables accountstore.Tables
	for output, table := range map[string]*string{
		outputAccounts: &tables.Accounts, outputTokens: &tables.Tokens, outputThrottles: &tables.Throttles,
	} {
		var err error
		if *table, err = d.Output(output); err != nil {
			return accountstore.Tables{}, err
		}
	}
	return tables, nil
}

// connectAccounts finds the stack, and returns the store of its accounts.
func connectAccounts(ctx context.Context, name string) (*accountstore.Store, error) {
	found, err := connect(ctx, name)
	if err != nil {
		return nil, err
	}
	tables, err := found.tables()
	if err != nil {
		return nil, err
	}
	return accountstore.New(found.client, tables), nil
}

// permissions is what the commands on accounts need of DynamoDB; AWS's own message names the one that is missing.
const permissions = "dynamodb:GetItem, PutItem, UpdateItem and DeleteItem on the stack's tables"

// explain makes one line of what the domain says of an account, which says what to do.
func explain(err error, user string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, account.ErrNoAccount):
		return fmt.Errorf("there is no account %q: the log and /dashboard show names as they are stored", user)
	case apperr.CodeOf(err) == apperr.InvalidRequest:
		return errors.New(apperr.From(err).Detail)
	case apperr.CodeOf(err) == apperr.Corrupt:
		return fmt.Errorf("the row of %q is damaged (%w): docs/operations.md says under Recovery how to mend it", user, cause(err))
	}
	return stack.Explain(permissions, cause(err))
}

// cause is what the domain has classified: the operator is told what AWS says.
func cause(err error) error {
	if classified := apperr.From(err); classified.Err != nil {
		return classified.Err
	}
	return err
}
