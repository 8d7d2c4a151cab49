package accounttest_test

import (
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/faults"
	"sallyport/shared/token"
)

func TestTheMemoryStoreKeepsTheContract(t *testing.T) {
	accounttest.TestStore(t, func(*testing.T) accounttest.Everything { return accounttest.NewStore() })
}

func TestThrottlesCountAsTheModelSaysOnTheMemoryStore(t *testing.T) {
	accounttest.TestThrottles(t, func(*testing.T) accounttest.Everything { return accounttest.NewStore() })
}

func TestAPlannedConflictChangesNothing(t *testing.T) {
	store := accounttest.NewStore()
	store.Before("CreateAccount", faults.Nth(1, account.ErrConflict))
	creation := account.Creation{Account: account.Account{Username: "ada", UserID: token.NewID()}}
	if err := store.CreateAccount(t.Context(), creation); err == nil {
		t.Error("the first call succeeded")
	}
	if n := len(store.Snapshot().Accounts); n != 0 {
		t.Errorf("%d accounts are there", n)
	}
	if err := store.CreateAccount(t.Context(), creation); err != nil || store.Calls("CreateAccount") != 2 {
		t.Errorf("the second call: %v, of %d", err, store.Calls("CreateAccount"))
	}
}
