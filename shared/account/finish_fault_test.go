package account_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/secret"
)

// breakages are all that the second step depends on, by the method that fails.
func breakages() map[string]func(w *world, hook faults.Hook) {
	of := func(method string) func(*world, faults.Hook) {
		return func(w *world, hook faults.Hook) { w.store.Before(method, hook) }
	}
	return map[string]func(w *world, hook faults.Hook){
		"Challenge": of("Challenge"), "Throttle": of("Throttle"), "SetThrottle": of("SetThrottle"), "CountAttempt": of("CountAttempt"),
		"Account": of("Account"), "FinishSignIn": of("FinishSignIn"),
		"OpenSecret":    func(w *world, hook faults.Hook) { w.secrets.Before("OpenSecret", hook) },
		"WrappedKey":    func(w *world, hook faults.Hook) { w.keys.Before("WrappedKey", hook) },
		"AddWrappedKey": func(w *world, hook faults.Hook) { w.keys.Before("AddWrappedKey", hook) },
		"NewDataKey":    func(w *world, hook faults.Hook) { w.kms.Before("NewDataKey", hook) },
		"Unwrap":        func(w *world, hook faults.Hook) { w.kms.Before("Unwrap", hook) },
	}
}

func (w *world) mend() {
	w.store.Mend()
	w.secrets.Mend()
	w.keys.Mend()
	w.kms.Mend()
}

func TestADependencyThatFailsBeginsNoSessionAndCountsAgainstNobody(t *testing.T) {
	for name, breakIt := range breakages() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.person(t, "alice")
			before := w.account(t, "alice")
			breakIt(w, faults.Always(errDown))
			for _, code := range []secret.Text{w.code(p, 0), p.recovery[0]} {
				signedIn, err := w.finish(t, p, code)
				refused(t, err, apperr.ServiceUnavailable)
				if !errors.Is(err, errDown) || signedIn.AccessToken.Reveal() != "" {
					t.Errorf("got %v", err)
				}
			}
			if !reflect.DeepEqual(w.account(t, "alice"), before) || len(w.store.Snapshot().Records) != 0 {
				t.Error("something has changed")
			}
			w.uncounted(t)
			w.mend()
			if !w.live(t, w.signIn(t, p).AccessToken) { // with the very code that was not taken
				t.Error("it does not recover")
			}
		})
	}
}

func TestADependencyThatHangsEndsTheSecondStepInTimeAndCountsAgainstNobody(t *testing.T) {
	for name, breakIt := range breakages() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				p := w.person(t, "alice")
				challenge := w.challenge(p)
				breakIt(w, func(ctx context.Context, nth int) error {
					if nth == 1 {
						return faults.Hang(ctx, nth)
					}
					return nil
				})
				ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
				defer cancel()
				_, err := w.finisher.Finish(ctx, answering(challenge.ID, w.code(p, 0)))
				refused(t, err, apperr.ServiceUnavailable)
				w.uncounted(t)
				w.mend()
				w.signIn(t, p)
			})
		})
	}
}

func TestTheSecondStepOutlastsFiveConflicts(t *testing.T) {
	for name, code := range map[string]func(w *world, p person) secret.Text{
		"with the app":         func(w *world, p person) secret.Text { return w.code(p, 0) },
		"with a recovery code": func(_ *world, p person) secret.Text { return p.recovery[0] },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				p := w.person(t, "alice")
				w.store.Before("FinishSignIn", faults.First(5, account.ErrConflict))
				signedIn, err := w.finish(t, p, code(w, p))
				if err != nil || !w.live(t, signedIn.AccessToken) || w.store.Calls("FinishSignIn") != 6 {
					t.Errorf("%v after %d writes", err, w.store.Calls("FinishSignIn"))
				}
				w.sameSessions(t, p, 1)
				w.uncounted(t)
			})
		})
	}
}

func TestEndlessConflictsEndASignInUndoneAndUncounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.person(t, "alice")
		before := w.account(t, "alice")
		w.store.Before("FinishSignIn", faults.Always(account.ErrConflict))
		_, err := w.finish(t, p, w.code(p, 0))
		refused(t, err, apperr.ServiceUnavailable)
		after := w.store.Snapshot()
		if w.store.Calls("FinishSignIn") != 6 || len(after.Records) != 0 || len(after.Challenges) != 1 || !reflect.DeepEqual(after.Accounts["alice"], before) {
			t.Errorf("after %d writes: %+v", w.store.Calls("FinishSignIn"), after)
		}
		w.uncounted(t)
		w.store.Mend()
		w.signIn(t, p)
	})
}

// What another request does between the reading and the writing decides, as if it had come first.
func TestASignInIsJudgedByWhatTheAccountIsWhenItIsWritten(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(t *testing.T, w *world, p person, challenge account.Challenge)
		ok     bool
	}{
		{"disabled", func(_ *testing.T, w *world, _ person, _ account.Challenge) {
			w.store.EditAccount("alice", func(a *account.Account) { a.Status = account.Disabled })
		}, false},
		{"all sessions ended", func(_ *testing.T, w *world, _ person, _ account.Challenge) {
			w.store.EditAccount("alice", func(a *account.Account) { a.SessionVersion++ })
		}, false},
		{"replaced", func(t *testing.T, w *world, _ person, _ account.Challenge) { w.person(t, "alice") }, false},
		{"removed", func(_ *testing.T, w *world, _ person, _ account.Challenge) { w.store.RemoveAccount("alice") }, false},
		{"the code used with another challenge", func(t *testing.T, w *world, p person, _ account.Challenge) { w.signIn(t, p) }, false},
		{"the challenge used with another code", func(t *testing.T, w *world, p person, challenge account.Challenge) {
			if _, err := w.finisher.Finish(t.Context(), answering(challenge.ID, p.recovery[0])); err != nil {
				t.Error(err)
			}
		}, false},
		{"the challenge gone", func(_ *testing.T, w *world, _ person, challenge account.Challenge) {
			w.store.RemoveChallenge(challenge.ID)
		}, false},
		{"the password's hash raised", func(_ *testing.T, w *world, _ person, _ account.Challenge) {
			w.store.EditAccount("alice", func(a *account.Account) { a.PasswordHash += "'" })
		}, true},
		{"signed in elsewhere with a recovery code", func(t *testing.T, w *world, p person, _ account.Challenge) {
			if _, err := w.finish(t, p, p.recovery[0]); err != nil {
				t.Error(err)
			}
		}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			p := w.person(t, "alice")
			challenge := w.challenge(p)
			var between int
			w.store.Before("FinishSignIn", once(func() {
				tc.change(t, w, p, challenge)
				between = len(w.store.Snapshot().Records)
			}))
			signedIn, err := w.finisher.Finish(t.Context(), answering(challenge.ID, w.code(p, 0)))
			if tc.ok {
				if err != nil || !w.live(t, signedIn.AccessToken) {
					t.Error(err)
				}
				w.sameSessions(t, p, between+1)
				return
			}
			if refused(t, err, apperr.Unauthenticated).Detail != said || len(w.store.Snapshot().Records) != between {
				t.Errorf("got %v, and %d records", err, len(w.store.Snapshot().Records))
			}
			w.uncounted(t)
		})
	}
}

// It was right when it was read, so it is no guess.
func TestARecoveryCodeThatIsUsedMeanwhileIsRefusedUncounted(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	w.store.Before("FinishSignIn", once(func() {
		if _, err := w.finish(t, p, p.recovery[0]); err != nil {
			t.Error(err)
		}
	}))
	w.store.Before("ClearThrottle", faults.Always(errDown)) // the winner's clearing would hide what the loser leaves
	_, err := w.finish(t, p, p.recovery[0])
	refused(t, err, apperr.Unauthenticated)
	if n := w.codeFailures(p); n != 1 { // the winner's own
		t.Errorf("%d failures are counted", n)
	}
	w.sameSessions(t, p, 1)
}

func TestASessionThatEndsWhileAnotherBeginsStaysEnded(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	first := w.signIn(t, p)
	w.clock.Advance(30 * time.Second)
	w.store.Before("FinishSignIn", func(ctx context.Context, nth int) error {
		if nth == 1 {
			return w.revoker.Revoke(ctx, first.Identity)
		}
		return nil
	})
	second := w.signIn(t, p)
	if w.live(t, first.AccessToken) || !w.live(t, second.AccessToken) {
		t.Error("the wrong one has ended")
	}
	w.sameSessions(t, p, 1)
}

// The session is there, and nobody has its token. Its code and challenge are used, so the caller signs in anew.
func TestASignInWhoseAnswerWasLostIsNotCountedAndCanBeRepeated(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	challenge := w.challenge(p)
	w.store.After("FinishSignIn", faults.Nth(1, errDown))
	_, err := w.finisher.Finish(t.Context(), answering(challenge.ID, w.code(p, 0)))
	refused(t, err, apperr.ServiceUnavailable)
	w.uncounted(t)
	w.sameSessions(t, p, 1)
	_, err = w.finisher.Finish(t.Context(), answering(challenge.ID, w.code(p, 0)))
	refused(t, err, apperr.Unauthenticated)
	_, err = w.finish(t, p, w.code(p, 0))
	refused(t, err, apperr.Unauthenticated)
	if n := w.codeFailures(p); n != 0 {
		t.Errorf("%d failures are counted against the account", n)
	}
	w.clock.Advance(30 * time.Second)
	w.signIn(t, p)
	w.sameSessions(t, p, 2)
}

func TestCodeFailuresThatCannotBeForgottenStopNoSignIn(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	w.store.Before("ClearThrottle", faults.Always(errDown))
	w.signIn(t, p)
	if !strings.Contains(w.log.String(), errDown.Error()) {
		t.Errorf("the log says %q", w.log.String())
	}
}
