package accounttest

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func credentialParts() []part {
	return []part{
		{"a change of credentials changes all it says and nothing else", testCredentials},
		{"a change of credentials ends the sessions it names, and the caller's goes on", testCredentialsEnds},
		{"an enrolment under way is noted, replaced and struck off", testCredentialsEnrolling},
		{"credentials do not change in the name of a session that has ended", testCredentialsSessionEnded},
		{"a change of credentials is refused, and changes nothing, unless all is as read", testCredentialsConflicts},
		{"a recovery code is good once, for a sign-in or a change of credentials", testCredentialsOneCode},
		{"of many changes of credentials at once of what all have read one succeeds", testCredentialsAtOnce},
		{"a change of credentials and the end of its session at once: one is first, and the other sees it", testCredentialsAndEndAtOnce},
		{"a change of credentials at the limit of sessions and API tokens is one step", testCredentialsFull},
		{"what was stored of a change of credentials shares no memory with the store", testCredentialsCopies},
		{"a change of credentials whose context has ended fails and changes nothing", testCredentialsContext},
	}
}

// credentials returns a change of everything that a change of credentials can change, in the name of the session.
func credentials(before account.Account, by session.Identity) account.CredentialChange {
	after := clone(before)
	after.PasswordHash, after.SealedTOTPSecret, after.LastTOTPStep = "$argon2id$another", []byte("another secret\x00"), before.LastTOTPStep+1
	after.RecoveryCodes = []string{"hash of another recovery code"}
	after.EnrollingTOTPSecret, after.EnrollingExpiresAt = []byte("another enrolling\xff"), now+1200
	after.Sessions = map[token.ID]account.SessionEntry{by.TokenID: before.Sessions[by.TokenID]}
	after.APITokens = map[token.ID]account.APITokenEntry{}
	after.SessionVersion++
	change := account.CredentialChange{Before: before, After: after, Session: by.TokenID}
	for _, id := range before.Tokens() {
		if id != by.TokenID {
			change.Ended = append(change.Ended, id)
		}
	}
	return change
}

// asRead is the account with the caller's session in it, and the change that it may make.
func (f fixture) asRead(a account.Account) (session.Identity, account.CredentialChange) {
	f.Helper()
	f.create(a)
	by := f.begin(a.Username)
	before, _ := f.account(a.Username)
	return by, credentials(before, by)
}

func (f fixture) changeCredentials(c account.CredentialChange) {
	f.Helper()
	if err := f.ChangeCredentials(f.T.Context(), c); err != nil {
		f.Fatalf("ChangeCredentials: %v", err)
	}
}

func testCredentials(t *testing.T, s Everything) {
	f := fixture{t, s}
	_, c := f.asRead(newAccount("naïve.日本"))
	f.changeCredentials(c)
	want := c.After
	want.Revision = c.Before.Revision + 1
	f.wantAccount(want)
}

func testCredentialsEnds(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("ada"))
	f.create(newAccount("eve"))
	other, foreign, by := f.begin("ada"), f.begin("eve"), f.begin("ada")
	before, _ := f.account("ada")
	f.changeCredentials(credentials(before, by))
	if f.hasRecord(other.UserID, other.TokenID) || !f.hasRecord(by.UserID, by.TokenID) || !f.hasRecord(foreign.UserID, foreign.TokenID) {
		t.Error("the wrong sessions have ended")
	}
	f.wantSame("ada", []token.ID{other.TokenID, by.TokenID})
}

func testCredentialsEnrolling(t *testing.T, s Everything) {
	f := fixture{t, s}
	by, _ := f.asRead(newAccount("ada"))
	for _, enrolling := range [][]byte{[]byte("first"), []byte("second"), nil} {
		before, _ := f.account("ada")
		c := credentials(before, by)
		c.After.EnrollingTOTPSecret, c.After.EnrollingExpiresAt = enrolling, int64(len(enrolling))
		f.changeCredentials(c)
		if got, _ := f.account("ada"); !bytes.Equal(got.EnrollingTOTPSecret, enrolling) || got.EnrollingExpiresAt != int64(len(enrolling)) {
			t.Errorf("%q is enrolling until %d, want %q", got.EnrollingTOTPSecret, got.EnrollingExpiresAt, enrolling)
		}
	}
}

func testCredentialsSessionEnded(t *testing.T, s Everything) {
	for name, end := range map[string]func(f fixture, by session.Identity) error{
		"by its owner": func(f fixture, by session.Identity) error { return f.EndSession(f.T.Context(), by) },
		"as a stolen's": func(f fixture, by session.Identity) error {
			return f.RemoveRecord(f.T.Context(), by.UserID, by.TokenID)
		},
		"with all": func(f fixture, by session.Identity) error {
			before, _ := f.account(by.Username)
			c := over(before)
			return f.ChangeAccount(f.T.Context(), c)
		},
	} {
		f := fixture{t, s}
		by, c := f.asRead(newAccount(name))
		if err := end(f, by); err != nil {
			t.Fatal(err)
		}
		stored, _ := f.account(name)
		for _, read := range []account.CredentialChange{c, credentials(stored, by)} {
			if err := s.ChangeCredentials(t.Context(), read); !errors.Is(err, account.ErrSessionEnded) {
				t.Errorf("%s: got %v, want ErrSessionEnded", name, err)
			}
		}
		f.wantAccount(stored)
	}
}

func testCredentialsConflicts(t *testing.T, s Everything) {
	for name, tc := range map[string]struct {
		status account.Status
		change func(*account.CredentialChange)
	}{
		"an older revision":  {account.Active, func(c *account.CredentialChange) { c.Before.Revision-- }},
		"a newer revision":   {account.Active, func(c *account.CredentialChange) { c.Before.Revision++ }},
		"a disabled account": {account.Disabled, func(*account.CredentialChange) {}},
		"a pending account":  {account.Pending, func(*account.CredentialChange) {}},
		"a used recovery code": {account.Active, func(c *account.CredentialChange) {
			c.Before.RecoveryCodes = append(slices.Clone(c.Before.RecoveryCodes), "hash of no recovery code")
		}},
	} {
		f := fixture{t, s}
		by, c := f.asRead(newAccount(name))
		if tc.status != account.Active {
			changed := clone(c.Before)
			changed.Status = tc.status
			changed.Revision++
			f.change(account.Change{Before: &c.Before, After: &changed})
			c = credentials(changed, by)
		}
		want, _ := f.account(name)
		tc.change(&c)
		f.wantConflict(s.ChangeCredentials(t.Context(), c))
		f.wantAccount(want)
		if !f.hasRecord(by.UserID, by.TokenID) {
			t.Errorf("%s: the session has ended", name)
		}
	}
	f := fixture{t, s}
	by, c := f.asRead(newAccount("unlisted"))
	unlisted := clone(c.Before)
	delete(unlisted.Sessions, by.TokenID)
	unlisted.Revision++
	f.change(account.Change{Before: &c.Before, After: &unlisted}) // its record is still there
	c = credentials(unlisted, by)
	f.wantConflict(s.ChangeCredentials(t.Context(), c))
	f.wantAccount(unlisted)
}

func testCredentialsOneCode(t *testing.T, s Everything) {
	f := fixture{t, s}
	_, c := f.asRead(newAccount("ada"))
	c.After = clone(c.Before)
	c.After.RecoveryCodes = slices.Delete(c.After.RecoveryCodes, 4, 5)
	c.Ended = nil
	signIn := recovery(f.addChallenge(newChallenge(c.Before)), c.Before, 4)
	f.changeCredentials(c)
	now, _ := f.account("ada")
	signIn.Before.Revision, c.Before.Revision = now.Revision, now.Revision // even if they read again
	f.wantConflict(s.FinishSignIn(t.Context(), signIn))
	f.wantConflict(s.ChangeCredentials(t.Context(), c))
	f.wantAccount(now)
}

func testCredentialsAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	_, c := f.asRead(newAccount("ada"))
	if n := atOnce(t, parallel, func(int) error { return s.ChangeCredentials(t.Context(), c) }, account.ErrConflict); n != 1 {
		t.Errorf("%d succeeded", n)
	}
	want := c.After
	want.Revision = c.Before.Revision + 1
	f.wantAccount(want)
}

func testCredentialsAndEndAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("ada"))
	for range 10 {
		by := f.begin("ada")
		before, _ := f.account("ada")
		c := credentials(before, by)
		changed := atOnce(t, 2, func(i int) error {
			if i == 0 {
				return s.ChangeCredentials(t.Context(), c)
			}
			_ = s.EndSession(t.Context(), by) // it may meet the other's transaction for too long
			return account.ErrConflict
		}, account.ErrConflict, account.ErrSessionEnded)
		if err := s.EndSession(t.Context(), by); err != nil {
			t.Fatal(err)
		}
		after, _ := f.account("ada")
		if _, listed := after.Sessions[by.TokenID]; listed || f.hasRecord(by.UserID, by.TokenID) {
			t.Error("the session has not ended")
		}
		if rose := after.SessionVersion != before.SessionVersion; rose != (changed == 1) {
			t.Errorf("changed: %v, said so: %v", rose, changed == 1)
		}
	}
}

func testCredentialsFull(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := newAccount("ada")
	a.Sessions = nil
	for len(a.APITokens) < account.MaxAPITokens {
		a.APITokens[token.NewID()] = account.APITokenEntry{Name: "n", CreatedAt: now, ExpiresAt: now + 60}
	}
	f.create(a)
	var identities []session.Identity
	for range account.MaxSessions {
		identities = append(identities, f.begin("ada"))
	}
	before, _ := f.account("ada")
	f.changeCredentials(credentials(before, identities[0]))
	for i, identity := range identities {
		if there := f.hasRecord(identity.UserID, identity.TokenID); there != (i == 0) {
			t.Fatalf("session %d is there: %v", i, there)
		}
	}
}

func testCredentialsCopies(t *testing.T, s Everything) {
	f := fixture{t, s}
	_, c := f.asRead(newAccount("ada"))
	want := clone(c.After)
	want.Revision = c.Before.Revision + 1
	f.changeCredentials(c)
	spoil(c.After)
	f.wantAccount(want)
}

func testCredentialsContext(t *testing.T, s Everything) {
	f := fixture{t, s}
	_, c := f.asRead(newAccount("ada"))
	if err := s.ChangeCredentials(ended(t), c); err == nil {
		t.Error("no error")
	}
	f.wantAccount(c.Before)
}
