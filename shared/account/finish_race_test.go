package account_test

import (
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/secret"
)

// rounds is how often what depends on who is first is tried.
const rounds = 10

// Checking a code and using it up is one step. The losers are no guessers: when all is over, nothing is counted against the
// account.
func TestOfFiftyRightCodesAtOnceOneIsAccepted(t *testing.T) {
	for name, ids := range map[string]func(w *world, p person) (id func() string){
		"with one challenge": func(w *world, p person) func() string {
			id := w.challenge(p).ID
			return func() string { return id }
		},
		"with a challenge each": func(w *world, p person) func() string {
			return func() string { return w.challenge(p).ID }
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range rounds {
				w := newWorld(t)
				p := w.person(t, "alice")
				next, code := ids(w, p), w.code(p, 0)
				errs := atOnce(50, func(int) error {
					_, err := w.finisher.Finish(t.Context(), answering(next(), code))
					return err
				})
				got := codes(errs)
				if got[""] != 1 || got[apperr.Unauthenticated]+got[apperr.TooManyRequests] != 49 {
					t.Fatalf("they get %v: %v", got, errs)
				}
				if row, there := w.store.Snapshot().Throttles[account.CodeSubject(p.userID)]; there {
					t.Fatalf("counted against the account: %+v", row)
				}
				w.sameSessions(t, p, 1)
			}
		})
	}
}

func TestOfFiftyTimesOneRecoveryCodeAtOnceOneIsAccepted(t *testing.T) {
	for range rounds {
		w := newWorld(t)
		p := w.person(t, "alice")
		errs := atOnce(50, func(int) error {
			_, err := w.finish(t, p, p.recovery[0])
			return err
		})
		got := codes(errs)
		if got[""] != 1 || got[apperr.Unauthenticated]+got[apperr.TooManyRequests] != 49 {
			t.Fatalf("they get %v: %v", got, errs)
		}
		if n := len(w.account(t, "alice").RecoveryCodes); n != 9 {
			t.Fatalf("%d codes are left", n)
		}
		w.sameSessions(t, p, 1)
	}
}

// Each of them is good. Those that are not told to wait all succeed, however often they collide.
func TestDifferentRecoveryCodesAtOnceDoNotUndoEachOther(t *testing.T) {
	for range rounds {
		w := newWorld(t)
		p := w.person(t, "alice")
		errs := atOnce(10, func(i int) error {
			_, err := w.finish(t, p, p.recovery[i])
			return err
		})
		got := codes(errs)
		if got[""] < 1 || got[""]+got[apperr.TooManyRequests] != 10 {
			t.Fatalf("they get %v: %v", got, errs)
		}
		if n := len(w.account(t, "alice").RecoveryCodes); n != 10-got[""] || w.codeFailures(p) != 0 {
			t.Fatalf("%d succeed, %d codes are left, %d failures are counted", got[""], n, w.codeFailures(p))
		}
		w.sameSessions(t, p, got[""])
	}
}

// An attempt is counted before it is judged, against its account too: more challenges give no more guesses.
func TestOfAThousandWrongCodesAtOnceFiveAreJudged(t *testing.T) {
	for name, challenges := range map[string]int{"with one challenge": 1, "with ten challenges": 10, "with a hundred challenges": 100} {
		t.Run(name, func(t *testing.T) {
			for range rounds {
				w := newWorld(t)
				p := w.person(t, "alice")
				ids := make([]string, challenges)
				for i := range ids {
					ids[i] = w.challenge(p).ID
				}
				wrong := []secret.Text{w.wrongCode(p), secret.New("ZZZZ-ZZZZ-ZZZZ-ZZZZ")}
				errs := atOnce(1000, func(i int) error {
					_, err := w.finisher.Finish(t.Context(), answering(ids[i%challenges], wrong[i%2]))
					return err
				})
				judged, got := w.secrets.Calls("OpenSecret"), codes(errs)
				if judged < 1 || judged > 5 || w.codeFailures(p) != judged || got[apperr.Unauthenticated] != judged || got[apperr.TooManyRequests] != 1000-judged {
					t.Fatalf("%d were judged, %d counted; answers: %v", judged, w.codeFailures(p), got)
				}
			}
		})
	}
}

// What is in flight is counted for the moment. Taking that back leaves what others have counted meanwhile, and no wait that
// only the others brought about.
func TestReplaysInFlightLeaveTheCountOfGuessesExact(t *testing.T) {
	for guesses := range 5 {
		for range rounds {
			w := newWorld(t)
			p := w.person(t, "alice")
			w.signIn(t, p)
			replay, wrong := w.code(p, 0), w.wrongCode(p)
			w.store.Before("CountAttempt", meet(5)) // all are counted, and none has been judged
			errs := atOnce(5, func(i int) error {
				if i < guesses {
					_, err := w.finish(t, p, wrong)
					return err
				}
				_, err := w.finish(t, p, replay)
				return err
			})
			if got := codes(errs); got[apperr.Unauthenticated] != 5 {
				t.Fatalf("they get %v: %v", got, errs)
			}
			row := w.store.Snapshot().Throttles[account.CodeSubject(p.userID)]
			if row.Failures != guesses || row.BlockedUntil != 0 {
				t.Fatalf("after %d guesses: %+v", guesses, row)
			}
		}
	}
}

// What a success has cleared stays cleared, though a request that was counted before it ends after it.
func TestALateLoserLeavesWhatSuccessHasCleared(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	w.guess(t, p)
	w.guess(t, p)
	w.store.Before("FinishSignIn", once(func() { // the first one is overtaken: it was counted earlier, and is refused later
		if _, err := w.finish(t, p, w.code(p, 0)); err != nil {
			t.Error(err)
		}
	}))
	_, err := w.finish(t, p, w.code(p, 0))
	refused(t, err, apperr.Unauthenticated)
	if row, there := w.store.Snapshot().Throttles[account.CodeSubject(p.userID)]; there {
		t.Errorf("there is %+v", row)
	}
}
