package accounttest

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func changeParts() []part {
	return []part{
		{"a change writes the account and ends the sessions it names, and no other's", testChange},
		{"a removed account is gone with its sessions", testRemove},
		{"an account is brought back only under a name that nobody has", testBringBack},
		{"a change is refused, and changes nothing, unless the account is as read", testChangeConflicts},
		{"a sign-in that read the account before a change is a conflict", testChangeThenFinish},
		{"of many changes at once of what all have read one succeeds", testChangeAtOnce},
		{"changes and sign-ins at once leave no session behind that began before the change", testChangeAndBeginAtOnce},
		{"what was stored of a change shares no memory with the store", testChangeCopies},
		{"an account at the limit of sessions changes in one step", testChangeFull},
		{"a change whose context has ended fails and changes nothing", testChangeContext},
	}
}

// over returns the change that ends all of the account's sessions and disables it.
func over(before account.Account) account.Change {
	after := clone(before)
	after.Status, after.Sessions = account.Disabled, map[token.ID]account.SessionEntry{}
	after.SessionVersion++
	after.Revision++
	return account.Change{Before: &before, After: &after, Ended: slices.Collect(maps.Keys(before.Sessions))}
}

func (f fixture) change(c account.Change) {
	f.Helper()
	if err := f.ChangeAccount(f.T.Context(), c); err != nil {
		f.Fatalf("ChangeAccount: %v", err)
	}
}

func testChange(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("naïve.日本"))
	other := f.create(newAccount("ada"))
	ended, foreign := f.begin("naïve.日本"), f.begin("ada")
	before, _ := f.account("naïve.日本")
	c := over(before)
	c.After.Role = policy.Consumer
	f.change(c)
	f.wantAccount(*c.After)
	if f.hasRecord(ended.UserID, ended.TokenID) {
		t.Error("the record is still there")
	}
	if got, _ := f.account("ada"); !f.hasRecord(foreign.UserID, foreign.TokenID) || got.SessionVersion != other.SessionVersion {
		t.Errorf("another account has changed: %+v", got)
	}
}

func testRemove(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("ada"))
	ended := f.begin("ada")
	before, _ := f.account("ada")
	c := over(before)
	c.After = nil
	f.change(c)
	if _, found := f.account("ada"); found || f.hasRecord(ended.UserID, ended.TokenID) {
		t.Error("account or record is still there")
	}
	f.wantConflict(s.ChangeAccount(t.Context(), c))
}

func testBringBack(t *testing.T, s Everything) {
	f := fixture{t, s}
	old := newAccount("ada")
	f.change(account.Change{After: &old})
	f.wantAccount(old)
	other := newAccount("ada")
	f.wantConflict(s.ChangeAccount(t.Context(), account.Change{After: &other}))
	f.wantAccount(old)
}

func testChangeConflicts(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("ada"))
	identity := f.begin("ada")
	stored, _ := f.account("ada")
	for name, spoil := range map[string]func(*account.Account){
		"another revision": func(a *account.Account) { a.Revision-- },
		"another user":     func(a *account.Account) { a.UserID = token.NewID() },
		"nobody":           func(a *account.Account) { a.Username = "bob" },
	} {
		before := clone(stored)
		spoil(&before)
		c := over(before)
		if err := s.ChangeAccount(t.Context(), c); !errors.Is(err, account.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
		c.After = nil
		if err := s.ChangeAccount(t.Context(), c); !errors.Is(err, account.ErrConflict) {
			t.Errorf("%s, to remove: %v", name, err)
		}
	}
	f.wantAccount(stored)
	if !f.hasRecord(identity.UserID, identity.TokenID) {
		t.Error("the record is gone")
	}
}

func testChangeThenFinish(t *testing.T, s Everything) {
	f := fixture{t, s}
	read := f.create(newAccount("ada"))
	late := completion(f.addChallenge(newChallenge(read)), read)
	c := over(read)
	c.After.Status = account.Active
	f.change(c)
	f.wantConflict(s.FinishSignIn(t.Context(), late))
	late.Before.Revision = c.After.Revision // even if it read again: the challenge is from before
	f.wantConflict(s.FinishSignIn(t.Context(), late))
	f.wantAccount(*c.After)
	if f.hasRecord(late.Record.UserID, late.Record.TokenID) {
		t.Error("there is a record")
	}
}

func testChangeAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	read := f.create(newAccount("ada"))
	if n := atOnce(t, parallel, func(int) error { return s.ChangeAccount(t.Context(), over(read)) }, account.ErrConflict); n != 1 {
		t.Errorf("%d succeeded", n)
	}
	f.wantAccount(*over(read).After)
}

func testChangeAndBeginAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := newAccount("ada")
	a.Sessions = nil
	f.create(a)
	for range 5 {
		sessions := []session.Identity{f.begin("ada"), f.begin("ada")}
		read, _ := f.account("ada")
		arriving := make([]account.Completion, 3)
		tokens := []token.ID{sessions[0].TokenID, sessions[1].TokenID}
		for i := range arriving {
			arriving[i] = completion(f.addChallenge(newChallenge(read)), read)
			tokens = append(tokens, arriving[i].Record.TokenID)
		}
		atOnce(t, 4, func(i int) error {
			if i < 3 {
				return s.FinishSignIn(t.Context(), arriving[i])
			}
			for {
				now, _, err := s.Account(t.Context(), "ada")
				if err != nil {
					return err
				}
				c := over(now)
				c.After.Status = account.Active
				if err := s.ChangeAccount(t.Context(), c); !errors.Is(err, account.ErrConflict) {
					return err
				}
			}
		}, account.ErrConflict)
		if got, _ := f.account("ada"); len(got.Sessions) != 0 {
			t.Errorf("%d sessions are listed", len(got.Sessions))
		}
		f.wantSame("ada", tokens)
	}
}

func testChangeCopies(t *testing.T, s Everything) {
	f := fixture{t, s}
	read := f.create(newAccount("ada"))
	c := over(read)
	want := clone(*c.After)
	f.change(c)
	spoil(*c.After)
	f.wantAccount(want)
}

func testChangeFull(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := newAccount("ada")
	a.Sessions = nil
	f.create(a)
	var identities []session.Identity
	for range account.MaxSessions {
		identities = append(identities, f.begin("ada"))
	}
	before, _ := f.account("ada")
	f.change(over(before))
	for _, identity := range identities {
		if f.hasRecord(identity.UserID, identity.TokenID) {
			t.Fatal("a record is still there")
		}
	}
}

func testChangeContext(t *testing.T, s Everything) {
	f := fixture{t, s}
	read := f.create(newAccount("ada"))
	if err := s.ChangeAccount(ended(t), over(read)); err == nil {
		t.Error("no error")
	}
	f.wantAccount(read)
}
