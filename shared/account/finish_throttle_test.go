package account_test

import (
	"reflect"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/secret"
)

// guess answers a fresh challenge with a wrong code.
func (w *world) guess(t testing.TB, p person) {
	t.Helper()
	_, err := w.finish(t, p, w.wrongCode(p))
	if found := refused(t, err, apperr.Unauthenticated); found.Detail != said || found.Account != p.username {
		t.Fatalf("refused with %q, and the log names %q", found.Detail, found.Account)
	}
}

func TestAWrongCodeCountsAgainstItsChallengeAndItsAccountAndChangesNothingElse(t *testing.T) {
	for name, wrong := range map[string]func(w *world, p person) secret.Text{
		"of the app":      func(w *world, p person) secret.Text { return w.wrongCode(p) },
		"a recovery code": func(*world, person) secret.Text { return secret.New("0000-0000-0000-0000") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.person(t, "alice")
			challenge := w.challenge(p)
			before := w.store.Snapshot()
			_, err := w.finisher.Finish(t.Context(), answering(challenge.ID, wrong(w, p)))
			refused(t, err, apperr.Unauthenticated)
			after := w.store.Snapshot()
			if n := after.Challenges[challenge.ID].Attempts; n != 1 || w.codeFailures(p) != 1 {
				t.Errorf("counted %d and %d", n, w.codeFailures(p))
			}
			if !reflect.DeepEqual(after.Accounts, before.Accounts) || len(after.Records) != 0 {
				t.Errorf("more has changed: %+v", after)
			}
		})
	}
}

// Whatever the challenge and the kind of code, the fifth failure in a row starts a wait; until it is over nothing is judged,
// not even what is right, and nothing is counted.
func TestTheFifthWrongCodeInARowStarts30SecondsDoublingTo900(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	waiting := w.person(t, "bob")
	for range 4 {
		w.guess(t, p)
		w.clock.Advance(37 * time.Minute)
	}
	_, err := w.finish(t, p, secret.New("ZZZZ-ZZZZ-ZZZZ-ZZZZ"))
	refused(t, err, apperr.Unauthenticated)
	for i, seconds := range []int{30, 60, 120, 240, 480, 900, 900} {
		if n := w.codeFailures(p); n != 5+i {
			t.Fatalf("%d failures, want %d", n, 5+i)
		}
		whole := time.Duration(seconds) * time.Second
		over := w.clock.Now().Add(whole)
		challenge := w.challenge(p)
		for _, left := range []time.Duration{whole, time.Second, time.Nanosecond} {
			w.clock.Set(over.Add(-left))
			for _, code := range []secret.Text{w.code(p, 0), w.wrongCode(p), p.recovery[0]} {
				challenge.ExpiresAt = w.clock.Now().Add(challengeLife).Unix() // the wait is what is looked at here
				w.store.PutChallenge(challenge)
				before, failures := w.stored(), w.codeFailures(p)
				_, err := w.finisher.Finish(t.Context(), answering(challenge.ID, code))
				wait(t, err, left)
				if !reflect.DeepEqual(w.stored(), before) || w.codeFailures(p) != failures {
					t.Fatal("something has changed")
				}
			}
		}
		w.signIn(t, waiting) // somebody else need not wait
		w.clock.Set(over)
		w.guess(t, p)
	}
	w.clock.Advance(900 * time.Second)
	w.signIn(t, p)
	if _, there := w.store.Snapshot().Throttles[account.CodeSubject(p.userID)]; there {
		t.Error("success has not forgotten the failures")
	}
	for range 4 {
		w.guess(t, p)
	}
	if _, err := w.finish(t, p, p.recovery[0]); err != nil {
		t.Errorf("after four failures: %v", err)
	}
}

func TestFailedCodesAreForgotten24HoursAfterTheLast(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	for range 4 {
		w.guess(t, p)
	}
	w.clock.Advance(24 * time.Hour) // and the row is still there
	for range 4 {
		w.guess(t, p)
	}
	w.signIn(t, p)
}

func TestOpenSessionsLiveOnWhileCodesAreThrottled(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	signedIn := w.signIn(t, p)
	for range 5 {
		w.guess(t, p)
	}
	_, err := w.finish(t, p, p.recovery[0])
	wait(t, err, 30*time.Second)
	if !w.live(t, signedIn.AccessToken) {
		t.Error("an open session has ended")
	}
}

func TestAChallengeTakesFiveCodes(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	challenge := w.challenge(p)
	for range 5 {
		_, err := w.finisher.Finish(t.Context(), answering(challenge.ID, w.wrongCode(p)))
		refused(t, err, apperr.Unauthenticated)
	}
	w.clock.Advance(30 * time.Second) // the wait is over, the challenge's life is not
	for range 3 {
		_, err := w.finisher.Finish(t.Context(), answering(challenge.ID, w.code(p, 0)))
		if refused(t, err, apperr.Unauthenticated).Detail != said {
			t.Error(err)
		}
	}
	if n := w.codeFailures(p); n != 5 {
		t.Errorf("answers to a challenge that is used up are counted: %d", n)
	}
	w.signIn(t, p)
}

func TestTheFifthCodeOfAChallengeMayBeTheRightOne(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	challenge := w.challenge(p)
	for range 4 {
		_, err := w.finisher.Finish(t.Context(), answering(challenge.ID, w.wrongCode(p)))
		refused(t, err, apperr.Unauthenticated)
	}
	if _, err := w.finisher.Finish(t.Context(), answering(challenge.ID, w.code(p, 0))); err != nil {
		t.Error(err)
	}
}
