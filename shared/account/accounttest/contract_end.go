package accounttest

import (
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

func endParts() []part {
	return []part{
		{"ending a session strikes it off its account, and no other", testEnd},
		{"ending a session twice is no error and changes nothing more", testEndTwice},
		{"ending a session works when its account is gone", testEndAccountGone},
		{"ending a session leaves alone whoever has the name now", testEndAccountReplaced},
		{"ending a session that the account has forgotten deletes its record", testEndUnlisted},
		{"many sessions of an account end at once", testEndAtOnce},
		{"sessions that begin and end at once leave list and records the same", testBeginAndEndAtOnce},
		{"a sign-in that read the account before a session ended does not bring it back", testEndThenFinish},
	}
}

// begin completes a sign-in and returns who then has the session.
func (f fixture) begin(username string) session.Identity {
	f.Helper()
	a, _ := f.account(username)
	done := completion(f.addChallenge(newChallenge(a)), a)
	f.finish(done)
	return done.Record.Identity()
}

func (f fixture) end(identity session.Identity) {
	f.Helper()
	if err := f.EndSession(f.T.Context(), identity); err != nil {
		f.Fatalf("EndSession: %v", err)
	}
}

func testEnd(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("naïve.日本"))
	one, other := f.begin("naïve.日本"), f.begin("naïve.日本")
	want, _ := f.account("naïve.日本")
	f.end(one)
	delete(want.Sessions, one.TokenID)
	want.Revision++
	f.wantAccount(want)
	f.wantSame("naïve.日本", []token.ID{one.TokenID, other.TokenID})
}

func testEndTwice(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("ada"))
	identity := f.begin("ada")
	f.end(identity)
	want, _ := f.account("ada")
	f.end(identity)
	f.wantAccount(want)
}

func testEndAccountGone(t *testing.T, s Everything) {
	f := fixture{t, s}
	identity := sessiontest.NewRecord().Identity()
	f.end(identity)
	if _, found := f.account(identity.Username); found {
		t.Error("an account was made")
	}
}

func testEndAccountReplaced(t *testing.T, s Everything) {
	f := fixture{t, s}
	// A record whose user id is not that of the account with its name, as after a replacement.
	a := f.create(newAccount("ada"))
	done := completion(f.addChallenge(newChallenge(a)), a)
	done.Record.UserID = token.NewID()
	f.finish(done)
	want, _ := f.account("ada")
	f.end(done.Record.Identity())
	f.wantAccount(want)
	if f.hasRecord(done.Record.UserID, done.Record.TokenID) {
		t.Error("the record is still there")
	}
}

func testEndUnlisted(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("ada"))
	done := completion(f.addChallenge(newChallenge(a)), a)
	delete(done.After.Sessions, done.Record.TokenID)
	f.finish(done)
	f.end(done.Record.Identity())
	if f.hasRecord(done.Record.UserID, done.Record.TokenID) {
		t.Error("the record is still there")
	}
}

func testEndAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := newAccount("ada")
	a.Sessions = nil
	f.create(a)
	identities := make([]session.Identity, account.MaxSessions)
	for i := range identities {
		identities[i] = f.begin("ada")
	}
	atOnce(t, len(identities), func(i int) error { return s.EndSession(t.Context(), identities[i]) })
	for _, identity := range identities {
		if f.hasRecord(identity.UserID, identity.TokenID) {
			t.Error("a record is still there")
		}
	}
	if got, _ := f.account("ada"); len(got.Sessions) != 0 {
		t.Errorf("%d sessions are still listed", len(got.Sessions))
	}
}

func testBeginAndEndAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := newAccount("ada")
	a.Sessions = nil
	f.create(a)
	var tokens []token.ID
	for range 5 {
		leaving := []session.Identity{f.begin("ada"), f.begin("ada"), f.begin("ada")}
		read, _ := f.account("ada")
		arriving := make([]account.Completion, 3)
		for i := range arriving {
			arriving[i] = completion(f.addChallenge(newChallenge(read)), read)
			tokens = append(tokens, arriving[i].Record.TokenID, leaving[i].TokenID)
		}
		atOnce(t, 6, func(i int) error {
			if i < 3 {
				return s.EndSession(t.Context(), leaving[i])
			}
			return s.FinishSignIn(t.Context(), arriving[i-3])
		}, account.ErrConflict)
		for _, identity := range leaving {
			if f.hasRecord(identity.UserID, identity.TokenID) {
				t.Error("a session that has ended has a record")
			}
		}
		f.wantSame("ada", tokens)
	}
}

func testEndThenFinish(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("ada"))
	identity := f.begin("ada")
	read, _ := f.account("ada")
	late := completion(f.addChallenge(newChallenge(read)), read)
	f.end(identity)
	f.wantConflict(s.FinishSignIn(t.Context(), late))
	if got, _ := f.account("ada"); len(got.Sessions) != len(read.Sessions)-1 {
		t.Error("the session is listed again")
	}
	f.wantSame("ada", []token.ID{identity.TokenID, late.Record.TokenID})
}
