package accountstore_test

import (
	"errors"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/token"
)

func TestEachReasonOfACancelledChangeByAnAdminIsRead(t *testing.T) {
	store, wire := openWired(t)
	bob := newAccount("bob")
	if err := store.CreateAccount(t.Context(), account.Creation{Account: bob}); err != nil {
		t.Fatal(err)
	}
	ended := func(err error) bool { return errors.Is(err, account.ErrSessionEnded) }
	notAdmin := func(err error) bool { return errors.Is(err, account.ErrNotAdmin) }
	const no, condition, busy, throttled = "None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError"
	for name, test := range map[string]struct {
		reasons []string // account, ended record, the actor's record, the actor's account
		want    func(error) bool
	}{
		"changed since":                     {[]string{condition, no, no, no}, conflict},
		"signed out":                        {[]string{no, no, condition, no}, ended},
		"signed out, and changed since":     {[]string{condition, no, condition, no}, ended},
		"signed out, and no ADMIN":          {[]string{no, no, condition, condition}, ended},
		"no ADMIN":                          {[]string{no, no, no, condition}, notAdmin},
		"no ADMIN, and changed since":       {[]string{condition, no, no, condition}, notAdmin},
		"the account busy":                  {[]string{busy, no, no, no}, conflict},
		"the actor's session busy":          {[]string{no, no, busy, no}, conflict},
		"the actor's account busy":          {[]string{no, no, no, busy}, conflict},
		"throttled":                         {[]string{no, no, no, throttled}, unavailable},
		"no ADMIN, and the account is busy": {[]string{busy, no, no, condition}, notAdmin},
	} {
		by := account.Actor{UserID: token.NewID(), Username: "ada", TokenID: token.NewID()}
		wire.Set(dynamotest.Cancels(test.reasons...))
		err := store.ChangeAccount(t.Context(), account.Change{Before: &bob, After: &bob, Ended: []token.ID{token.NewID()}, By: &by})
		if !test.want(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAnInvitationWhoseWithdrawalIsAnsweredByNobodyIsWithdrawn(t *testing.T) {
	store, wire := openWired(t)
	if err := store.AddInvitation(t.Context(), account.Invitation{CodeHash: "hash", Role: 1, MadeBy: "the operator", ExpiresAt: 2}); err != nil {
		t.Fatal(err)
	}
	wire.Calls()
	wire.Set(dynamotest.First(2, dynamotest.Loses))
	if withdrawn, err := store.WithdrawInvitation(t.Context(), "hash", 1); !withdrawn || err != nil {
		t.Errorf("%v, %v", withdrawn, err)
	}
	wire.Set(nil)
	if withdrawn, err := store.WithdrawInvitation(t.Context(), "hash", 1); withdrawn || err != nil {
		t.Errorf("once more: %v, %v", withdrawn, err)
	}
}

func TestListsAndSearchesThatFailAreNotEmpty(t *testing.T) {
	store, wire := openWired(t)
	wire.Set(dynamotest.Answers(500, "InternalServerError"))
	page := account.Page{Limit: 1}
	for name, read := range map[string]func() error{
		"Username":           func() error { _, _, err := store.Username(t.Context(), token.NewID()); return err },
		"Accounts":           func() error { _, _, err := store.Accounts(t.Context(), account.Filter{}, page); return err },
		"Invitations":        func() error { _, _, err := store.Invitations(t.Context(), 1, page); return err },
		"WithdrawInvitation": func() error { _, err := store.WithdrawInvitation(t.Context(), "hash", 1); return err },
		"DeleteChallenges":   func() error { return store.DeleteChallenges(t.Context(), token.NewID()) },
		"DeleteTokens":       func() error { return store.DeleteTokens(t.Context(), token.NewID()) },
	} {
		if err := read(); !unavailable(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
