package accounttest

import (
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/token"
)

func reenrolParts() []part {
	return []part{
		{"a new authenticator after a reset changes all it says and nothing else, and the right to it stays", testReenrol},
		{"a completed sign-in ends the right to a new authenticator", testReenrolAfterSignIn},
		{"a new authenticator after a reset is refused, and changes nothing, unless all is as read", testReenrolConflicts},
		{"of many new authenticators at once for what all have read one is stored", testReenrolAtOnce},
	}
}

func replaced(before account.Account) account.Account {
	after := clone(before)
	after.SealedTOTPSecret, after.LastTOTPStep = []byte("another\x00"), before.LastTOTPStep+7
	after.RecoveryCodes = []string{"hash of another recovery code"}
	after.SessionVersion++
	return after
}

func testReenrol(t *testing.T, s Everything) {
	for _, status := range []account.Status{account.Active, account.Pending} {
		f := fixture{t, s}
		a := newAccount(string(status))
		a.Status = status
		f.create(a)
		for range 2 { // as after a lost answer
			before, _ := f.account(a.Username)
			after := replaced(before)
			if err := s.ReplaceAuthenticator(t.Context(), before, after); err != nil {
				t.Fatalf("ReplaceAuthenticator: %v", err)
			}
			after.Revision = before.Revision + 1
			f.wantAccount(after)
		}
	}
}

func testReenrolAfterSignIn(t *testing.T, s Everything) {
	f := fixture{t, s}
	read := f.create(newAccount("ada"))
	f.finish(completion(f.addChallenge(newChallenge(read)), read))
	stored, _ := f.account("ada")
	if stored.EnrolmentHash != "" || stored.EnrolmentExpiresAt != 0 {
		t.Errorf("there is a right until %d", stored.EnrolmentExpiresAt)
	}
	read.Revision = stored.Revision // even if it read again
	f.wantConflict(s.ReplaceAuthenticator(t.Context(), read, replaced(read)))
	f.wantConflict(s.ReplaceAuthenticator(t.Context(), stored, replaced(stored)))
	f.wantAccount(stored)
}

func testReenrolConflicts(t *testing.T, s Everything) {
	f := fixture{t, s}
	stored := f.create(newAccount("ada"))
	for name, spoil := range map[string]func(*account.Account){
		"another revision": func(a *account.Account) { a.Revision-- },
		"another user":     func(a *account.Account) { a.UserID = token.NewID() },
		"another right":    func(a *account.Account) { a.EnrolmentHash = token.NewID().String() },
		"nobody":           func(a *account.Account) { a.Username = "bob" },
	} {
		before := clone(stored)
		spoil(&before)
		f.wantConflict(s.ReplaceAuthenticator(t.Context(), before, replaced(before)))
		f.wantAccount(stored)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	disabled := over(stored)
	f.change(disabled)
	f.wantConflict(s.ReplaceAuthenticator(t.Context(), *disabled.After, replaced(*disabled.After)))
	f.wantAccount(*disabled.After)
}

func testReenrolAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	read := f.create(newAccount("ada"))
	if n := atOnce(t, parallel, func(int) error { return s.ReplaceAuthenticator(t.Context(), read, replaced(read)) }, account.ErrConflict); n != 1 {
		t.Errorf("%d succeeded", n)
	}
}
