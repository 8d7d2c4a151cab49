package main

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/policy"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

// gate is the stack "gate" with tables of its own, as the commands find it.
type gate struct {
	*testing.T

	client *dynamodb.Client
	tables dynamotest.Tables
	store  *accountstore.Store
}

func openGate(t *testing.T, server dynamotest.Server) gate {
	t.Helper()
	client := server.Client(nil)
	tables := dynamotest.MakeTables(t, client)
	useAWS(t, gateStack(map[string]string{
		"ApiUrl": "https://api.example/prod", "InvitationsTableName": tables.Invitations, "AccountsTableName": tables.Accounts,
		"TokensTableName": tables.Tokens, "ThrottlesTableName": tables.Throttles, "DataKeysTableName": tables.DataKeys,
	}), server.URL)
	t.Setenv("AWS_REGION", "us-east-1") // DynamoDB Local keeps regions apart unless it is told to share
	t.Setenv("AWS_ACCESS_KEY_ID", "local")
	t.Setenv("AWS_MAX_ATTEMPTS", "3")
	return gate{t, client, tables, accountstore.New(client, accountstore.Tables{
		Accounts: tables.Accounts, Tokens: tables.Tokens, Throttles: tables.Throttles,
	})}
}

// secretHash stands for what no command may print.
const secretHash = "$argon2id$not-to-be-printed"

// account stores an active CONSUMER with so many sessions.
func (g gate) account(name string, sessions int) account.Account {
	g.Helper()
	a := account.Account{
		Username: name, UserID: token.NewID(), Status: account.Active, Role: policy.Consumer, PasswordHash: secretHash,
		SealedTOTPSecret: []byte("not-to-be-printed"), LastTOTPStep: 7, RecoveryCodes: []string{"not-to-be-printed"},
		Sessions: map[token.ID]account.SessionEntry{}, SessionVersion: 3, Revision: 9, CreatedAt: 1_795_435_200,
	}
	for range sessions {
		record := sessiontest.NewRecord()
		a.Sessions[record.TokenID] = account.SessionEntry{SessionID: record.SessionID, ExpiresAt: time.Now().Unix() + 3600}
		g.token(a, record.TokenID)
	}
	g.write(g.tables.Accounts, a)
	return a
}

// write stores an account in a table, whatever is there.
func (g gate) write(table string, a account.Account) {
	g.Helper()
	store := accountstore.New(g.client, accountstore.Tables{Accounts: table})
	there, found, err := store.Account(g.T.Context(), a.Username)
	if err != nil {
		g.Fatal(err)
	}
	change := account.Change{After: &a}
	if found {
		change.Before = &there
	}
	if err := store.ChangeAccount(g.T.Context(), change); err != nil {
		g.Fatal(err)
	}
}

// token stores a token's row.
func (g gate) token(a account.Account, id token.ID) {
	g.Helper()
	record := sessiontest.NewRecord()
	record.UserID, record.TokenID, record.Username = a.UserID, id, a.Username
	_, err := g.client.PutItem(g.T.Context(), &dynamodb.PutItemInput{TableName: &g.tables.Tokens, Item: sessionstore.Item(record)})
	if err != nil {
		g.Fatal(err)
	}
}

func (g gate) stored(name string) account.Account {
	g.Helper()
	a, found, err := g.store.Account(g.T.Context(), name)
	if err != nil || !found {
		g.Fatalf("reading %s: %v, %v", name, found, err)
	}
	return a
}

func (g gate) rows(table string) int {
	g.Helper()
	out, err := g.client.Scan(g.T.Context(), &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	if err != nil {
		g.Fatal(err)
	}
	return len(out.Items)
}

// damage makes an account's row one that no function can have written.
func (g gate) damage(table, name string) {
	g.Helper()
	_, err := g.client.UpdateItem(g.T.Context(), &dynamodb.UpdateItemInput{
		TableName: &table, Key: dynamo.Item{"username": dynamo.S(name)}, UpdateExpression: aws.String("REMOVE user_id"),
	})
	if err != nil {
		g.Fatal(err)
	}
}

// does runs a command that must succeed, checks that it prints no secret, and returns what it printed.
func (g gate) does(args ...string) string {
	g.Helper()
	status, stdout, stderr := operate(g.T, append(args, "-stack", "gate")...)
	if status != 0 || stderr != "" {
		g.Fatalf("%v: exit %d: %s%s", args, status, stdout, stderr)
	}
	if strings.Contains(stdout, "not-to-be-printed") {
		g.Errorf("%v tells a secret: %s", args, stdout)
	}
	return stdout
}

// fails runs a command that must fail with one line that contains want.
func (g gate) fails(want string, args ...string) string {
	g.Helper()
	status, stdout, stderr := operate(g.T, append(args, "-stack", "gate")...)
	if status != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) || strings.Contains(stdout+stderr, "not-to-be-printed") {
		g.Errorf("%v: exit %d, %q, %q; want exit 1 and one line with %q", args, status, stdout, stderr, want)
	}
	return stdout
}
