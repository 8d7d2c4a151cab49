package accounttest

import (
	"errors"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

func apiTokenParts() []part {
	return []part{
		{"an API token comes with its note in the account, and nothing else changes", testAddAPIToken},
		{"an API token is refused, and changes nothing, unless account and session are as read", testAddAPITokenConflicts},
		{"an API token ends with its note, and no other", testEndAPIToken},
		{"of many API tokens at once of what all have read one is made", testAddAPITokenAtOnce},
		{"of an API token and its session's end at once there is no token behind the end", testAddAPITokenAndEnd},
		{"an account that is full of sessions and API tokens changes in one step", testChangeFullOfTokens},
	}
}

// addition returns the making of an API token in a session of the account.
func addition(before account.Account, by token.ID) account.APITokenAddition {
	record := sessiontest.NewRecord()
	record.Kind, record.UserID, record.Username, record.Role = token.API, before.UserID, before.Username, before.Role
	record.Routes = []policy.Route{{API: policy.Own, Method: "GET", Resource: "/dashboard"}}
	after := clone(before)
	after.APITokens[record.TokenID] = account.APITokenEntry{Name: "日本", CreatedAt: now, ExpiresAt: now + 60, Routes: record.Routes}
	return account.APITokenAddition{Before: before, By: by, After: after, Record: record}
}

func (f fixture) addAPIToken(addition account.APITokenAddition) session.Identity {
	f.Helper()
	if err := f.AddAPIToken(f.T.Context(), addition); err != nil {
		f.Fatalf("AddAPIToken: %v", err)
	}
	return addition.Record.Identity()
}

func testAddAPIToken(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("naïve.日本"))
	by := f.begin("naïve.日本")
	before, _ := f.account("naïve.日本")
	in := addition(before, by.TokenID)
	in.After.PasswordHash = "not to be written"
	made := f.addAPIToken(in)
	want := clone(before)
	want.APITokens = in.After.APITokens
	want.Revision++
	f.wantAccount(want)
	if !f.hasRecord(made.UserID, made.TokenID) || !f.hasRecord(by.UserID, by.TokenID) {
		t.Error("a record is missing")
	}
}

func testAddAPITokenConflicts(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("ada"))
	by, other, over := f.begin("ada"), f.begin("ada"), f.begin("ada")
	f.end(over)
	f.create(newAccount("bob"))
	foreign := f.begin("bob")
	stored, _ := f.account("ada")
	for name, spoil := range map[string]func(*account.APITokenAddition){
		"another revision": func(in *account.APITokenAddition) { in.Before.Revision-- },
		"another role":     func(in *account.APITokenAddition) { in.Before.Role = policy.Developer },
		"nobody":           func(in *account.APITokenAddition) { in.Before.Username = "nobody" },
		"a token id taken": func(in *account.APITokenAddition) { in.Record.TokenID = other.TokenID },
	} {
		in := addition(stored, by.TokenID)
		spoil(&in)
		if err := s.AddAPIToken(t.Context(), in); !errors.Is(err, account.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, id := range map[string]token.ID{"a session that has ended": over.TokenID, "another's session": foreign.TokenID} {
		if err := s.AddAPIToken(t.Context(), addition(stored, id)); !errors.Is(err, account.ErrSessionEnded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.AddAPIToken(ended(t), addition(stored, by.TokenID)); err == nil || errors.Is(err, account.ErrConflict) || errors.Is(err, account.ErrSessionEnded) {
		t.Errorf("with a context that has ended: %v", err)
	}
	f.wantAccount(stored)

	disabled := clone(stored)
	disabled.Status = account.Disabled
	disabled.Revision++
	f.change(account.Change{Before: &stored, After: &disabled}) // as nothing of ours does: its sessions stay
	f.wantConflict(s.AddAPIToken(t.Context(), addition(disabled, by.TokenID)))

	unlisted := clone(disabled)
	unlisted.Status, unlisted.Sessions = account.Active, map[token.ID]account.SessionEntry{}
	unlisted.Revision++
	f.change(account.Change{Before: &disabled, After: &unlisted})
	f.wantConflict(s.AddAPIToken(t.Context(), addition(unlisted, by.TokenID)))

	if err := s.RemoveRecord(t.Context(), by.UserID, by.TokenID); err != nil {
		t.Fatal(err)
	}
	if err := s.AddAPIToken(t.Context(), addition(unlisted, by.TokenID)); !errors.Is(err, account.ErrSessionEnded) {
		t.Errorf("a session that was stolen: %v", err)
	}
	f.wantAccount(unlisted)
}

func testEndAPIToken(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("ada"))
	by := f.begin("ada")
	read, _ := f.account("ada")
	one := f.addAPIToken(addition(read, by.TokenID))
	read, _ = f.account("ada")
	other := f.addAPIToken(addition(read, by.TokenID))
	want, _ := f.account("ada")
	f.end(one)
	delete(want.APITokens, one.TokenID)
	want.Revision++
	f.wantAccount(want)
	f.end(one)
	f.wantAccount(want)
	if f.hasRecord(one.UserID, one.TokenID) || !f.hasRecord(other.UserID, other.TokenID) || !f.hasRecord(by.UserID, by.TokenID) {
		t.Error("not that record alone is gone")
	}
}

func testAddAPITokenAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("ada"))
	by := f.begin("ada")
	read, _ := f.account("ada")
	if n := atOnce(t, parallel, func(int) error { return s.AddAPIToken(t.Context(), addition(read, by.TokenID)) }, account.ErrConflict); n != 1 {
		t.Errorf("%d were made", n)
	}
	if got, _ := f.account("ada"); len(got.APITokens) != len(read.APITokens)+1 || got.Revision != read.Revision+1 {
		t.Errorf("%d tokens, revision %d to %d", len(got.APITokens), read.Revision, got.Revision)
	}
}

func testAddAPITokenAndEnd(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("ada"))
	for range 10 {
		by := f.begin("ada")
		read, _ := f.account("ada")
		in := addition(read, by.TokenID)
		atOnce(t, 2, func(i int) error {
			if i == 0 {
				return s.AddAPIToken(t.Context(), in)
			}
			return s.EndSession(t.Context(), by)
		}, account.ErrConflict, account.ErrSessionEnded)
		got, _ := f.account("ada")
		if _, listed := got.APITokens[in.Record.TokenID]; listed != f.hasRecord(in.Record.UserID, in.Record.TokenID) {
			t.Errorf("listed: %v", listed)
		}
		if f.hasRecord(by.UserID, by.TokenID) {
			t.Error("the session goes on")
		}
		if err := s.AddAPIToken(t.Context(), addition(got, by.TokenID)); !errors.Is(err, account.ErrSessionEnded) {
			t.Errorf("after the end: %v", err)
		}
	}
}

// testChangeFullOfTokens is DynamoDB's limit of 100 items in a transaction.
func testChangeFullOfTokens(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := newAccount("ada")
	a.Sessions, a.APITokens = nil, nil
	f.create(a)
	var all []session.Identity
	for range account.MaxSessions {
		all = append(all, f.begin("ada"))
	}
	for range account.MaxAPITokens {
		read, _ := f.account("ada")
		all = append(all, f.addAPIToken(addition(read, all[0].TokenID)))
	}
	before, _ := f.account("ada")
	c := over(before)
	c.After.APITokens, c.Ended = map[token.ID]account.APITokenEntry{}, before.Tokens()
	if len(c.Ended) != account.MaxSessions+account.MaxAPITokens {
		t.Fatalf("%d tokens are listed", len(c.Ended))
	}
	f.change(c)
	for _, identity := range all {
		if f.hasRecord(identity.UserID, identity.TokenID) {
			t.Fatal("a record is still there")
		}
	}
}
