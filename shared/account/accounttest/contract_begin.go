package accounttest

import (
	"errors"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

func beginParts() []part {
	return []part{
		{"a challenge is read as it was stored, under any id", testChallengeRoundTrip},
		{"a challenge that is not there is no error", testChallengeAbsent},
		{"attempts are counted up to the limit and no further", testAttempts},
		{"an attempt on an expired challenge is not counted", testAttemptExpired},
		{"an attempt on a challenge that is not there is not counted and makes none", testAttemptAbsent},
		{"many attempts at once are counted exactly up to the limit", testAttemptsAtOnce},
		{"a password hash is replaced, and nothing else", testRehash},
		{"a password hash is replaced only as the account was read", testRehashConflict},
		{"of many replacements of a password hash at once one succeeds", testRehashAtOnce},
		{"a challenge call whose context has ended fails and changes nothing", testChallengeContext},
	}
}

func testChallengeRoundTrip(t *testing.T, s Everything) {
	f := fixture{t, s}
	for i, id := range sessiontest.OddKeys() {
		c := newChallenge(newAccount(id))
		c.ID, c.Attempts, c.SessionVersion = id, i%5, int64(i)
		f.addChallenge(c)
		if got, found := f.challenge(id); !found || got != c {
			t.Errorf("stored %+v, read %+v, %v", c, got, found)
		}
	}
}

func testChallengeAbsent(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.addChallenge(newChallenge(newAccount("ada")))
	for _, id := range append(impossible(), "x", token.NewID().String()) {
		if c, found := f.challenge(id); found || c != (account.Challenge{}) {
			t.Errorf("found %+v", c)
		}
	}
}

func testAttempts(t *testing.T, s Everything) {
	f := fixture{t, s}
	c, other := f.addChallenge(newChallenge(newAccount("ada"))), f.addChallenge(newChallenge(newAccount("eve")))
	for i := range 7 {
		ok, err := s.CountAttempt(t.Context(), c.ID, 5, now)
		if err != nil || ok != (i < 5) {
			t.Errorf("attempt %d: counted %v, %v", i+1, ok, err)
		}
	}
	c.Attempts = 5
	for _, want := range []account.Challenge{c, other} {
		if got, _ := f.challenge(want.ID); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func testAttemptExpired(t *testing.T, s Everything) {
	f := fixture{t, s}
	c := f.addChallenge(newChallenge(newAccount("ada")))
	for at, want := range map[int64]bool{c.ExpiresAt - 1: true, c.ExpiresAt: false, c.ExpiresAt + 1: false} {
		if ok, err := s.CountAttempt(t.Context(), c.ID, 5, at); err != nil || ok != want {
			t.Errorf("%d s from its expiry: counted %v, %v", at-c.ExpiresAt, ok, err)
		}
	}
	if got, _ := f.challenge(c.ID); got.Attempts != 1 {
		t.Errorf("%d attempts are counted", got.Attempts)
	}
}

func testAttemptAbsent(t *testing.T, s Everything) {
	f := fixture{t, s}
	id := token.NewID().String()
	if ok, err := s.CountAttempt(t.Context(), id, 5, now); err != nil || ok {
		t.Errorf("counted %v, %v", ok, err)
	}
	if _, found := f.challenge(id); found {
		t.Error("a challenge was made")
	}
}

func testAttemptsAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	c := f.addChallenge(newChallenge(newAccount("ada")))
	n := atOnce(t, parallel, func(int) error { return counted(s.CountAttempt(t.Context(), c.ID, 5, now)) }, errNotCounted)
	if got, _ := f.challenge(c.ID); n != 5 || got.Attempts != 5 {
		t.Errorf("%d were counted, the row says %d", n, got.Attempts)
	}
}

func testRehash(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("ada"))
	if err := s.ReplacePasswordHash(t.Context(), a, "$argon2id$stronger"); err != nil {
		t.Fatalf("ReplacePasswordHash: %v", err)
	}
	a.PasswordHash = "$argon2id$stronger"
	a.Revision++
	f.wantAccount(a)
}

func testRehashConflict(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("ada"))
	otherUser, older, newer := a, a, a
	otherUser.UserID = token.NewID()
	older.Revision--
	newer.Revision++
	for _, read := range []account.Account{otherUser, older, newer, newAccount("nobody")} {
		f.wantConflict(s.ReplacePasswordHash(t.Context(), read, "$argon2id$stronger"))
	}
	f.wantAccount(a)
	if _, found := f.account("nobody"); found {
		t.Error("an account was made")
	}
}

func testRehashAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("ada"))
	winners := atOnce(t, parallel, func(int) error {
		return s.ReplacePasswordHash(t.Context(), a, "$argon2id$stronger")
	}, account.ErrConflict)
	if got, _ := f.account("ada"); winners != 1 || got.Revision != a.Revision+1 {
		t.Errorf("%d succeeded, the revision went from %d to %d", winners, a.Revision, got.Revision)
	}
}

func testChallengeContext(t *testing.T, s Everything) {
	f := fixture{t, s}
	a := f.create(newAccount("ada"))
	c, unborn := f.addChallenge(newChallenge(a)), newChallenge(a)
	ctx := ended(t)
	if err := s.AddChallenge(ctx, unborn); err == nil {
		t.Error("AddChallenge succeeded")
	}
	if _, found, err := s.Challenge(ctx, c.ID); err == nil || found {
		t.Errorf("Challenge: %v, %v", found, err)
	}
	if ok, err := s.CountAttempt(ctx, c.ID, 5, now); err == nil || ok {
		t.Errorf("CountAttempt: %v, %v", ok, err)
	}
	if err := s.ReplacePasswordHash(ctx, a, "$argon2id$stronger"); err == nil || errors.Is(err, account.ErrConflict) {
		t.Errorf("ReplacePasswordHash: %v", err)
	}
	if _, found := f.challenge(unborn.ID); found {
		t.Error("a challenge was made")
	}
	if got, _ := f.challenge(c.ID); got != c {
		t.Errorf("got %+v, want %+v", got, c)
	}
	f.wantAccount(a)
}
