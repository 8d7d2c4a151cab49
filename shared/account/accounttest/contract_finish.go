package accounttest

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/token"
)

func finishParts() []part {
	return []part{
		{"a completed sign-in changes all it says and nothing else", testFinish},
		{"a completed sign-in with a recovery code uses it up", testFinishRecovery},
		{"a pending account becomes active", testFinishPending},
		{"a sign-in at the limit of sessions evicts records and entries", testFinishEvicts},
		{"a sign-in is refused, and changes nothing, unless all is as read", testFinishConflicts},
		{"a challenge is good once, whatever else has changed", testFinishChallengeGone},
		{"a token id is never given to two records", testFinishTokenTaken},
		{"what was stored of a sign-in shares no memory with the store", testFinishCopies},
		{"of many sign-ins with one challenge at once one succeeds", testFinishOneChallenge},
		{"of many sign-ins with one code at once one succeeds, whatever their challenges", testFinishOneCode},
		{"sign-ins at once that read again after a conflict all succeed", testFinishRetried},
		{"a sign-in whose context has ended fails and changes nothing", testFinishContext},
	}
}

// finish completes a sign-in that must succeed.
func (f fixture) finish(c account.Completion) {
	f.Helper()
	if err := f.FinishSignIn(f.T.Context(), c); err != nil {
		f.Fatalf("FinishSignIn: %v", err)
	}
}

// wantUntouched checks that a refused completion has changed neither account nor challenge, and stored no record.
func (f fixture) wantUntouched(stored account.Account, c account.Completion) {
	f.Helper()
	f.wantAccount(stored)
	if _, found := f.challenge(c.Challenge.ID); !found {
		f.Error("the challenge is gone")
	}
	if f.hasRecord(c.Record.UserID, c.Record.TokenID) {
		f.Error("a record was stored")
	}
}

func testFinish(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("naïve.日本"))
	c, other := f.addChallenge(newChallenge(a)), f.addChallenge(newChallenge(a))
	done := completion(c, a)
	f.finish(done)

	want := done.After
	want.Revision = a.Revision + 1
	f.wantAccount(want)
	if _, found := f.challenge(c.ID); found {
		t.Error("the challenge is still there")
	}
	if _, found := f.challenge(other.ID); !found {
		t.Error("another challenge is gone")
	}
	record, found, err := s.Record(t.Context(), done.Record.UserID, done.Record.TokenID)
	if err != nil || !found || !reflect.DeepEqual(record, done.Record) {
		t.Errorf("the record reads as %+v, %v, %v, want %+v", record, found, err, done.Record)
	}
}

func testFinishRecovery(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("ada"))
	done := recovery(f.addChallenge(newChallenge(a)), a, 4)
	f.finish(done)
	got, _ := f.account("ada")
	if !slices.Equal(got.RecoveryCodes, done.After.RecoveryCodes) || got.LastTOTPStep != a.LastTOTPStep {
		t.Errorf("codes %q, step %d", got.RecoveryCodes, got.LastTOTPStep)
	}

	again := recovery(f.addChallenge(newChallenge(a)), a, 4) // the same code
	again.Before.Revision = got.Revision
	f.wantConflict(s.FinishSignIn(t.Context(), again))
	f.wantUntouched(got, again)
}

// recovery returns what a sign-in with the account's recovery code at index i changes.
func recovery(c account.Challenge, before account.Account, i int) account.Completion {
	done := completion(c, before)
	done.After.LastTOTPStep = before.LastTOTPStep
	done.After.RecoveryCodes = slices.Delete(slices.Clone(before.RecoveryCodes), i, i+1)
	return done
}

func testFinishPending(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := newAccount("ada")
	a.Status = account.Pending
	f.create(a)
	f.finish(completion(f.addChallenge(newChallenge(a)), a))
	if got, _ := f.account("ada"); got.Status != account.Active {
		t.Errorf("the account is %s", got.Status)
	}
}

func testFinishEvicts(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := newAccount("ada")
	a.Sessions = nil
	f.create(a)
	var issued []token.ID
	for range account.MaxSessions {
		a, _ = f.account("ada")
		done := completion(f.addChallenge(newChallenge(a)), a)
		f.finish(done)
		issued = append(issued, done.Record.TokenID)
	}
	a, _ = f.account("ada")
	done := completion(f.addChallenge(newChallenge(a)), a)
	done.Evicted = []token.ID{issued[0], issued[1], token.NewID()} // the last one's record is gone already
	for _, id := range done.Evicted {
		delete(done.After.Sessions, id)
	}
	f.finish(done)
	issued = append(issued, done.Record.TokenID)
	f.wantSame("ada", issued)
	for _, id := range done.Evicted {
		if f.hasRecord(a.UserID, id) {
			t.Error("an evicted record is still there")
		}
	}
	if got, _ := f.account("ada"); len(got.Sessions) != account.MaxSessions-1 {
		t.Errorf("%d sessions are listed", len(got.Sessions))
	}
}

// testFinishConflicts tells the store a Before that differs from the stored account in one thing alone, its revision being
// right unless that is the thing: so each condition is checked for itself.
func testFinishConflicts(t *testing.T, s Everything) {
	stored := newAccount
	withStatus := func(status account.Status) func(string) account.Account {
		return func(name string) account.Account {
			a := newAccount(name)
			a.Status = status
			return a
		}
	}
	step := func(difference int64) func(*account.Completion) {
		return func(c *account.Completion) {
			c.After.LastTOTPStep = c.Before.LastTOTPStep + difference
			c.Before.LastTOTPStep -= 10
		}
	}
	cases := []struct {
		name   string
		stored func(string) account.Account
		change func(*account.Completion)
	}{
		{"an older revision", stored, func(c *account.Completion) { c.Before.Revision-- }},
		{"a newer revision", stored, func(c *account.Completion) { c.Before.Revision++ }},
		{"another user id", stored, func(c *account.Completion) { c.Challenge.UserID = token.NewID() }},
		{"an older session version", stored, func(c *account.Completion) { c.Challenge.SessionVersion-- }},
		{"a newer session version", stored, func(c *account.Completion) { c.Challenge.SessionVersion++ }},
		{"a disabled account", withStatus(account.Disabled), func(c *account.Completion) { c.Before.Status = account.Active }},
		{"the last time step again", stored, step(0)},
		{"an earlier time step", stored, step(-1)},
		{"neither a time step nor a recovery code", stored, func(c *account.Completion) { c.After.LastTOTPStep = c.Before.LastTOTPStep }},
		{"a recovery code that is not there", stored, func(c *account.Completion) {
			c.After.LastTOTPStep = c.Before.LastTOTPStep
			c.Before.RecoveryCodes = append(slices.Clone(c.Before.RecoveryCodes), "hash of no recovery code")
		}},
		{"one good and one used recovery code", stored, func(c *account.Completion) {
			c.Before.RecoveryCodes = append(slices.Clone(c.Before.RecoveryCodes), "hash of no recovery code")
			c.After.RecoveryCodes = c.After.RecoveryCodes[1:]
		}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			f := fixture{t, s}
			a := f.create(test.stored(test.name))
			live := f.signIn(a.Username) // a session that the refused one would evict
			a, _ = f.account(a.Username)
			c := completion(f.addChallenge(newChallenge(a)), a)
			c.Evicted = []token.ID{live}
			test.change(&c)
			f.wantConflict(s.FinishSignIn(t.Context(), c))
			f.wantUntouched(a, c)
			if a.Status == account.Active && !f.hasRecord(a.UserID, live) {
				t.Error("a record was evicted")
			}
		})
	}
	t.Run("no account", func(t *testing.T) {
		f := fixture{t, s}
		a := newAccount("nobody")
		c := completion(f.addChallenge(newChallenge(a)), a)
		f.wantConflict(s.FinishSignIn(t.Context(), c))
		if _, found := f.account("nobody"); found || f.hasRecord(c.Record.UserID, c.Record.TokenID) {
			t.Error("an account or a record was made")
		}
	})
}

// signIn completes a sign-in to an account that takes one, and returns its token's id.
func (f fixture) signIn(username string) token.ID {
	f.Helper()
	a, _ := f.account(username)
	if a.Status == account.Disabled {
		return token.NewID()
	}
	done := completion(f.addChallenge(newChallenge(a)), a)
	f.finish(done)
	return done.Record.TokenID
}

func testFinishChallengeGone(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("ada"))
	done := completion(f.addChallenge(newChallenge(a)), a)
	f.finish(done)
	a, _ = f.account("ada")
	for name, before := range map[string]account.Account{"account as read": a, "account changed too": done.Before} {
		again := completion(done.Challenge, before)
		if err := s.FinishSignIn(t.Context(), again); !errors.Is(err, account.ErrChallengeGone) {
			t.Errorf("%s: got %v, want ErrChallengeGone", name, err)
		}
		f.wantAccount(a)
		if f.hasRecord(again.Record.UserID, again.Record.TokenID) {
			t.Errorf("%s: a record was stored", name)
		}
	}
	if _, found := f.challenge(done.Challenge.ID); found {
		t.Error("the challenge is back")
	}
}

func testFinishTokenTaken(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("ada"))
	first := completion(f.addChallenge(newChallenge(a)), a)
	f.finish(first)
	a, _ = f.account("ada")
	second := completion(f.addChallenge(newChallenge(a)), a)
	second.Record.TokenID = first.Record.TokenID
	second.Record.Sealed = []byte("another token")
	f.wantConflict(s.FinishSignIn(t.Context(), second))
	f.wantAccount(a)
	record, _, err := s.Record(t.Context(), a.UserID, first.Record.TokenID)
	if err != nil || !reflect.DeepEqual(record, first.Record) {
		t.Errorf("the first record is now %+v, %v", record, err)
	}
}

func testFinishCopies(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("ada"))
	done := completion(f.addChallenge(newChallenge(a)), a)
	want, wantRecord := clone(done.After), done.Record
	want.Revision = a.Revision + 1
	wantRecord.Sealed = slices.Clone(done.Record.Sealed)
	f.finish(done)
	spoil(done.After)
	clear(done.Record.Sealed)
	f.wantAccount(want)
	if record, _, err := s.Record(t.Context(), a.UserID, wantRecord.TokenID); err != nil || !reflect.DeepEqual(record, wantRecord) {
		t.Errorf("the record is now %+v, %v", record, err)
	}
}

func testFinishOneChallenge(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("ada"))
	c := f.addChallenge(newChallenge(a))
	f.compete(func(int) account.Completion { return completion(c, a) })
	if _, found := f.challenge(c.ID); found {
		t.Error("the challenge is still there")
	}
}

func testFinishOneCode(t *testing.T, s Everything) {
	f := fixture{t, s}
	for kind, complete := range map[string]func(account.Challenge, account.Account) account.Completion{
		"a time step":     completion,
		"a recovery code": func(c account.Challenge, a account.Account) account.Completion { return recovery(c, a, 0) },
	} {
		a := f.create(newAccount(kind))
		f.compete(func(int) account.Completion { return complete(f.addChallenge(newChallenge(a)), a) })
	}
}

// compete has completions race of which one may win, and checks that it alone took effect.
func (f fixture) compete(next func(i int) account.Completion) {
	f.Helper()
	completions := make([]account.Completion, parallel)
	tokens := make([]token.ID, parallel)
	for i := range completions {
		completions[i] = next(i)
		tokens[i] = completions[i].Record.TokenID
	}
	winners := atOnce(f.T, parallel, func(i int) error {
		return f.FinishSignIn(f.T.Context(), completions[i])
	}, account.ErrConflict, account.ErrChallengeGone)
	before := completions[0].Before
	after, _ := f.account(before.Username)
	if winners != 1 || after.Revision != before.Revision+1 || len(after.Sessions) != len(before.Sessions)+1 {
		f.Errorf("%d succeeded; revision %d to %d, sessions %d to %d",
			winners, before.Revision, after.Revision, len(before.Sessions), len(after.Sessions))
	}
	f.wantSame(before.Username, tokens)
}

func testFinishRetried(t *testing.T, s Everything) {
	f := fixture{t, s}
	const callers = 8 // each loses to the others at most callers-1 times
	first := f.create(newAccount("ada"))
	tokens := make([]token.ID, callers)
	atOnce(t, callers, func(i int) error {
		c := newChallenge(first)
		if err := s.AddChallenge(t.Context(), c); err != nil {
			return err
		}
		for {
			a, _, err := s.Account(t.Context(), "ada")
			if err != nil {
				return err
			}
			done := completion(c, a)
			tokens[i] = done.Record.TokenID
			if err := s.FinishSignIn(t.Context(), done); !errors.Is(err, account.ErrConflict) {
				return err
			}
		}
	})
	a, _ := f.account("ada")
	if a.Revision != first.Revision+callers || a.LastTOTPStep != first.LastTOTPStep+callers || len(a.Sessions) != len(first.Sessions)+callers {
		t.Errorf("after %d sign-ins: %+v", callers, a)
	}
	f.wantSame("ada", tokens)
}

func testFinishContext(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("ada"))
	c := completion(f.addChallenge(newChallenge(a)), a)
	err := s.FinishSignIn(ended(t), c)
	if err == nil || errors.Is(err, account.ErrConflict) || errors.Is(err, account.ErrChallengeGone) {
		t.Errorf("got %v", err)
	}
	f.wantUntouched(a, c)
}
