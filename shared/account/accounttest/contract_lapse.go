package accounttest

import (
	"testing"

	"sallyport/shared/account"
)

func lapseParts() []part {
	return []part{
		{"a pending account keeps the time at which it lapses, whatever is done to it while it is pending", testLapsePending},
		{"an account that is made active or disabled has no time at which it lapses", testLapseCreated},
		{"an account that is signed in to never lapses", testLapseSignedIn},
		{"an account that is changed to what is not pending never lapses, nor when it is pending again", testLapseChanged},
	}
}

// lapses is when the accounts of these parts lapse.
const lapses = now + 86_400

func (f fixture) pending() account.Account {
	f.Helper()
	a := newAccount("ada")
	a.Status, a.LapsesAt, a.Sessions = account.Pending, lapses, nil
	return f.create(a)
}

// wantLapse checks that the account is there with the status, and when it lapses. Its attribute is what is read, so that 0 means
// that there is none.
func (f fixture) wantLapse(status account.Status, want int64) account.Account {
	f.Helper()
	a, found := f.account("ada")
	if !found || a.Status != status || a.LapsesAt != want {
		f.Errorf("found %v, %s, lapses at %d; want %s, %d", found, a.Status, a.LapsesAt, status, want)
	}
	return a
}

func testLapsePending(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.pending()
	a := f.wantLapse(account.Pending, lapses)
	if err := s.ReplacePasswordHash(t.Context(), a, "$argon2id$"); err != nil {
		t.Fatal(err)
	}
	before := f.wantLapse(account.Pending, lapses)
	after := clone(before)
	after.SessionVersion++
	after.Revision++
	f.change(account.Change{Before: &before, After: &after})
	before = f.wantLapse(account.Pending, lapses)
	replacement := newAccount("ada")
	replacement.Status, replacement.LapsesAt = account.Pending, lapses+1
	if err := s.CreateAccount(t.Context(), account.Creation{Account: replacement, Replaces: &before}); err != nil {
		t.Fatal(err)
	}
	f.wantLapse(account.Pending, lapses+1)
}

func testLapseCreated(t *testing.T, s Everything) {
	for _, status := range []account.Status{account.Active, account.Disabled} {
		f := fixture{t, s}
		a := newAccount("ada")
		a.Status, a.LapsesAt = status, lapses
		f.change(account.Change{After: &a})
		before := f.wantLapse(status, 0)
		f.change(account.Change{Before: &before})
		f.create(a)
		before = f.wantLapse(status, 0)
		f.change(account.Change{Before: &before})
	}
}

func testLapseSignedIn(t *testing.T, s Everything) {
	f := fixture{t, s}
	before := f.pending()
	c := completion(f.addChallenge(newChallenge(before)), before)
	c.After.LapsesAt = lapses // what a caller forgets is not stored
	if err := s.FinishSignIn(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	f.wantLapse(account.Active, 0)
}

func testLapseChanged(t *testing.T, s Everything) {
	f := fixture{t, s}
	before := f.pending()
	for _, status := range []account.Status{account.Disabled, account.Pending, account.Active, account.Pending} {
		after := clone(before)
		after.Status, after.Revision = status, before.Revision+1
		if status != account.Pending {
			after.LapsesAt = lapses // likewise
		}
		f.change(account.Change{Before: &before, After: &after})
		before = f.wantLapse(status, 0)
	}
}
