// Package accountstore keeps accounts, challenges, invitations and throttles in DynamoDB, and does in one transaction what a
// completed sign-in changes.
package accountstore

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/dynamo/throttlestore"
)

// Tables names the tables. A function names those that its own stores use, and may touch no other.
type Tables struct {
	Accounts    string // registration, both steps of sign-in, changes and lists of accounts, changes of credentials, API tokens
	Challenges  string // both steps of sign-in, erasure
	Tokens      string // the second step, changes of accounts and credentials, API tokens
	Invitations string // registration, invitations
	Throttles   string // registration, both steps of sign-in, changes of credentials, changes that forget failures, erasure
}

// Store is every store that package account asks for. It is safe for concurrent use.
type Store struct {
	*throttlestore.Store // of Throttles

	client *dynamodb.Client
	tables Tables
}

var (
	_ account.RegistrationStore = (*Store)(nil)
	_ account.BeginStore        = (*Store)(nil)
	_ account.FinishStore       = (*Store)(nil)
	_ account.InvitationAdder   = (*Store)(nil)
	_ account.ChangeStore       = (*Store)(nil)
	_ account.DirectoryStore    = (*Store)(nil)
	_ account.InvitationStore   = (*Store)(nil)
	_ account.EraseStore        = (*Store)(nil)
	_ account.APITokenStore     = (*Store)(nil)
	_ account.CredentialStore   = (*Store)(nil)
	_ account.ReenrolStore      = (*Store)(nil)
)

// New returns a Store.
func New(client *dynamodb.Client, tables Tables) *Store {
	return &Store{throttlestore.New(client, tables.Throttles), client, tables}
}
