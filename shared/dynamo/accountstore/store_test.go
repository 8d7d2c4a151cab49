package accountstore_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/policy"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

type (
	accounts = accountstore.Store
	sessions = sessionstore.Store
)

// both are the two adapters over the same tables.
type both struct {
	*accounts
	*sessions
}

var _ accounttest.Everything = both{}

func open(t *testing.T, client *dynamodb.Client) (both, dynamotest.Tables) {
	t.Helper()
	tables := dynamotest.MakeTables(t, client)
	return both{
		accountstore.New(client, accountstore.Tables{
			Accounts: tables.Accounts, Challenges: tables.Challenges, Tokens: tables.Tokens,
			Invitations: tables.Invitations, Throttles: tables.Throttles,
		}),
		sessionstore.New(client, sessionstore.Tables{Tokens: tables.Tokens, Accounts: tables.Accounts}),
	}, tables
}

// listings are what may query and scan. None of it ends a session: erasure queries Tokens when those of the account's list have ended.
func listings() []string {
	return []string{
		"Query AccountsTable/by-user-id", "Query ChallengesTable/by-user-id", "Query TokensTable", "Scan AccountsTable", "Scan InvitationsTable",
	}
}

func TestTheStoreKeepsTheContract(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		accounttest.TestStore(t, func(t *testing.T) accounttest.Everything {
			wire := &dynamotest.Wire{}
			t.Cleanup(func() { dynamotest.CheckSafe(t, wire.Calls(), listings()...) })
			store, _ := open(t, server.Client(wire))
			return store
		})
	})
}

func TestThrottlesCountAsTheModelSays(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		accounttest.TestThrottles(t, func(t *testing.T) accounttest.Everything {
			store, _ := open(t, server.Client(nil))
			return store
		})
	})
}

// newAccount returns a pending account with what every account must have.
func newAccount(username string) account.Account {
	return account.Account{
		Username: username, UserID: token.NewID(), Status: account.Pending, Role: policy.Consumer,
		PasswordHash: "$argon2id$", SealedTOTPSecret: []byte("sealed"), RecoveryCodes: []string{"one", "two"},
		InvitationHash: "hash", InvitationExpiresAt: 1,
	}
}

func newCompletion(a account.Account) account.Completion {
	record := sessiontest.NewRecord()
	record.UserID, record.Username, record.Role = a.UserID, a.Username, a.Role
	after := a
	after.Status, after.LastTOTPStep = account.Active, a.LastTOTPStep+1
	after.Sessions = map[token.ID]account.SessionEntry{
		record.TokenID: {SessionID: record.SessionID, ExpiresAt: record.ExpiresAt},
	}
	return account.Completion{
		Challenge: account.Challenge{ID: token.NewID().String(), Username: a.Username, UserID: a.UserID, ExpiresAt: 1_795_435_500},
		Before:    a, After: after, Record: record, Evicted: []token.ID{token.NewID()},
	}
}

// begun creates an account with a challenge and returns what finishing its sign-in changes.
func begun(t *testing.T, store both, username string) account.Completion {
	t.Helper()
	c := newCompletion(newAccount(username))
	if err := store.CreateAccount(t.Context(), account.Creation{Account: c.Before}); err != nil {
		t.Fatalf("CreateAccount: %v", err)
	}
	if err := store.AddChallenge(t.Context(), c.Challenge); err != nil {
		t.Fatalf("AddChallenge: %v", err)
	}
	return c
}

func TestEachMethodNeedsItsActionsAndNoOther(t *testing.T) {
	wire := &dynamotest.Wire{}
	client := dynamotest.Embedded(t).Client(wire)
	store, tables := open(t, client)
	ctx := t.Context()
	c := newCompletion(newAccount("ada"))
	invitation := account.Invitation{CodeHash: "hash", Role: policy.Consumer, MadeBy: "operator", ExpiresAt: 1}
	some := account.Throttle{Failures: 1, ExpiresAt: 1}
	for _, method := range []struct {
		name string
		call func() error
		want []string
	}{
		{"AddInvitation", func() error { return store.AddInvitation(ctx, invitation) }, []string{"PutItem InvitationsTable"}},
		{"Invitation", func() error { _, _, err := store.Invitation(ctx, "hash"); return err }, []string{"GetItem InvitationsTable"}},
		{"Account", func() error { _, _, err := store.Account(ctx, "ada"); return err }, []string{"GetItem AccountsTable"}},
		{"CreateAccount", func() error {
			return store.CreateAccount(ctx, account.Creation{Account: c.Before, Uses: "hash"})
		}, []string{"DeleteItem InvitationsTable", "PutItem AccountsTable"}},
		{"CreateAccount without invitation", func() error {
			return store.CreateAccount(ctx, account.Creation{Account: newAccount("eve")})
		}, []string{"PutItem AccountsTable"}},
		{"AddChallenge", func() error { return store.AddChallenge(ctx, c.Challenge) }, []string{"PutItem ChallengesTable"}},
		{"Challenge", func() error { _, _, err := store.Challenge(ctx, c.Challenge.ID); return err }, []string{"GetItem ChallengesTable"}},
		{"CountAttempt", func() error { _, err := store.CountAttempt(ctx, c.Challenge.ID, 5, 0); return err }, []string{"UpdateItem ChallengesTable"}},
		{"FinishSignIn", func() error { return store.FinishSignIn(ctx, c) }, []string{
			"DeleteItem ChallengesTable", "DeleteItem TokensTable", "PutItem TokensTable", "UpdateItem AccountsTable",
		}},
		{"ChangeAccount", func() error {
			now := c.Before
			now.Revision = 1
			return store.ChangeAccount(ctx, account.Change{Before: &now, After: &now, Ended: []token.ID{token.NewID()}})
		}, []string{"DeleteItem TokensTable", "PutItem AccountsTable"}},
		{"ChangeAccount to nobody", func() error {
			mallory := newAccount("mallory")
			if err := store.CreateAccount(ctx, account.Creation{Account: mallory}); err != nil {
				return err
			}
			wire.Calls()
			return store.ChangeAccount(ctx, account.Change{Before: &mallory, Ended: []token.ID{token.NewID()}})
		}, []string{"DeleteItem AccountsTable", "DeleteItem TokensTable"}},
		{"AddAPIToken", func() error {
			done := begun(t, store, "carol")
			if err := store.FinishSignIn(ctx, done); err != nil {
				return err
			}
			read, _, err := store.Account(ctx, "carol")
			if err != nil {
				return err
			}
			record := sessiontest.NewRecord()
			record.Kind, record.UserID, record.Username = token.API, read.UserID, "carol"
			wire.Calls()
			return store.AddAPIToken(ctx, account.APITokenAddition{Before: read, By: done.Record.TokenID, After: read, Record: record})
		}, []string{"ConditionCheckItem TokensTable", "PutItem TokensTable", "UpdateItem AccountsTable"}},
		{"ChangeCredentials", func() error {
			change := signedIn(t, store, "edith")
			wire.Calls()
			return store.ChangeCredentials(ctx, change)
		}, []string{"ConditionCheckItem TokensTable", "DeleteItem TokensTable", "UpdateItem AccountsTable"}},
		{"ChangeCredentials that ends nothing", func() error {
			change := signedIn(t, store, "emmy")
			change.Ended = nil
			wire.Calls()
			return store.ChangeCredentials(ctx, change)
		}, []string{"ConditionCheckItem TokensTable", "UpdateItem AccountsTable"}},
		{"ReplaceAuthenticator", func() error {
			reset := newAccount("grace")
			reset.EnrolmentHash, reset.EnrolmentExpiresAt = "hash", 1
			if err := store.CreateAccount(ctx, account.Creation{Account: reset}); err != nil {
				return err
			}
			wire.Calls()
			return store.ReplaceAuthenticator(ctx, reset, reset)
		}, []string{"UpdateItem AccountsTable"}},
		{"ChangeAccount by an ADMIN", func() error {
			ada, admin := newAccount("ada.lovelace"), newAccount("admin")
			admin.Role, admin.Status = policy.Admin, account.Active
			record := sessiontest.NewRecord()
			record.UserID = admin.UserID
			for _, a := range []account.Account{ada, admin} {
				if err := store.CreateAccount(ctx, account.Creation{Account: a}); err != nil {
					return err
				}
			}
			put(t, client, tables.Tokens, sessionstore.Item(record))
			by := account.Actor{UserID: admin.UserID, Username: "admin", TokenID: record.TokenID}
			wire.Calls()
			return store.ChangeAccount(ctx, account.Change{Before: &ada, After: &ada, Ended: []token.ID{token.NewID()}, By: &by, Forgets: []string{"s"}})
		}, []string{
			"ConditionCheckItem AccountsTable", "ConditionCheckItem TokensTable", "DeleteItem ThrottlesTable", "DeleteItem TokensTable", "PutItem AccountsTable",
		}},
		{"Username", func() error { _, _, err := store.Username(ctx, c.Before.UserID); return err }, []string{"Query AccountsTable/by-user-id"}},
		{"Accounts", func() error { _, _, err := store.Accounts(ctx, account.Filter{}, account.Page{Limit: 1}); return err }, []string{"Scan AccountsTable"}},
		{"Invitations", func() error { _, _, err := store.Invitations(ctx, 0, account.Page{Limit: 1}); return err }, []string{"Scan InvitationsTable"}},
		{"WithdrawInvitation", func() error { _, err := store.WithdrawInvitation(ctx, "hash", 0); return err }, []string{"DeleteItem InvitationsTable"}},
		{"DeleteChallenges", func() error {
			if err := store.AddChallenge(ctx, c.Challenge); err != nil {
				return err
			}
			wire.Calls()
			return store.DeleteChallenges(ctx, c.Challenge.UserID)
		}, []string{"DeleteItem ChallengesTable", "Query ChallengesTable/by-user-id"}},
		{"DeleteTokens", func() error { return store.DeleteTokens(ctx, c.Record.UserID) }, []string{"DeleteItem TokensTable", "Query TokensTable"}},
		{"ReplacePasswordHash", func() error {
			return store.ReplacePasswordHash(ctx, account.Account{Username: "ada", UserID: c.Before.UserID, Revision: 1}, "$argon2id$")
		}, []string{"UpdateItem AccountsTable"}},
		{"Throttle", func() error { _, err := store.Throttle(ctx, "s"); return err }, []string{"GetItem ThrottlesTable"}},
		{"SetThrottle", func() error { return store.SetThrottle(ctx, "s", account.Throttle{}, some) }, []string{"PutItem ThrottlesTable"}},
		{"SetThrottle to zero", func() error { return store.SetThrottle(ctx, "s", some, account.Throttle{}) }, []string{"DeleteItem ThrottlesTable"}},
		{"ClearThrottle", func() error { return store.ClearThrottle(ctx, "s") }, []string{"DeleteItem ThrottlesTable"}},
		{"CountFailure", func() error { _, err := store.CountFailure(ctx, "s", 5, 1); return err }, []string{"UpdateItem ThrottlesTable"}},
		{"ForgiveFailure", func() error { return store.ForgiveFailure(ctx, "s") }, []string{"UpdateItem ThrottlesTable"}},
	} {
		wire.Calls()
		if err := method.call(); err != nil {
			t.Fatalf("%s: %v", method.name, err)
		}
		if got := dynamotest.Actions(t, wire.Calls()); !slices.Equal(got, method.want) {
			t.Errorf("%s needs %q, want %q", method.name, got, method.want)
		}
	}
}
