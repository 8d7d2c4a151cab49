package account_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
)

// uncounted checks that no failure is counted, neither against the name nor against the address.
func (w *world) uncounted(t testing.TB) {
	t.Helper()
	for subject, row := range w.store.Snapshot().Throttles {
		if row.Failures != 0 || row.BlockedUntil != 0 {
			t.Errorf("%s: %+v", subject, row)
		}
	}
}

func TestADependencyThatFailsLetsNobodyInAndCountsAgainstNobody(t *testing.T) {
	for _, method := range []string{"CountFailure", "Throttle", "SetThrottle", "Account", "AddChallenge"} {
		t.Run(method, func(t *testing.T) {
			for username, text := range map[string]string{"alice": rightPassword, "nobody": "incorrect horse"} {
				if method == "AddChallenge" && username != "alice" {
					continue // no challenge is opened for nobody
				}
				w := newWorld(t)
				w.person(t, "alice")
				w.store.Before(method, faults.Always(errDown))
				begun, err := w.beginner.Begin(t.Context(), try(username, text))
				refused(t, err, apperr.ServiceUnavailable)
				if !errors.Is(err, errDown) || begun != (account.Begun{}) {
					t.Errorf("%s gets %+v, %v", username, begun, err)
				}
				w.uncounted(t)
				if len(w.store.Snapshot().Challenges) != 0 {
					t.Error("a challenge was opened")
				}
				w.store.Mend()
				w.begin(t, "alice")
			}
		})
	}
}

func TestADependencyThatHangsEndsTheFirstStepInTimeAndCountsAgainstNobody(t *testing.T) {
	for _, method := range []string{"CountFailure", "Throttle", "SetThrottle", "Account", "AddChallenge"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.person(t, "alice")
				w.store.Before(method, func(ctx context.Context, nth int) error {
					if nth == 1 {
						return faults.Hang(ctx, nth)
					}
					return nil
				})
				ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
				defer cancel()
				_, err := w.beginner.Begin(ctx, try("alice", rightPassword))
				refused(t, err, apperr.ServiceUnavailable)
				w.uncounted(t)
			})
		})
	}
}

// What is left to do once the answer is known cannot change the answer, nor hold it up for long.
func TestFailuresThatCannotBeForgottenStopNoSignIn(t *testing.T) {
	for _, method := range []string{"ForgiveFailure", "ClearThrottle"} {
		t.Run(method, func(t *testing.T) {
			w := newWorld(t)
			w.person(t, "alice")
			w.store.Before(method, faults.Always(errDown))
			w.begin(t, "alice")
			if !strings.Contains(w.log.String(), errDown.Error()) {
				t.Errorf("the log says %q", w.log.String())
			}
		})
		t.Run(method+" hangs", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.person(t, "alice")
				w.store.Before(method, faults.Hang)
				ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
				defer cancel()
				began := time.Now()
				if _, err := w.beginner.Begin(ctx, try("alice", rightPassword)); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > 500*time.Millisecond {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestTheFirstStepOutlastsConflictsOverItsThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.person(t, "alice")
		w.store.Before("SetThrottle", faults.First(5, account.ErrConflict))
		w.begin(t, "alice")
		w.uncounted(t)
	})
}

// Endless conflicts mean that others are guessing at this name right now: the caller is told to wait, and nothing is judged.
func TestEndlessConflictsOverAThrottleMeanWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.person(t, "alice")
		w.store.Before("SetThrottle", faults.Always(account.ErrConflict))
		judged := hashes(t, func() {
			_, err := w.beginner.Begin(t.Context(), try("alice", rightPassword))
			wait(t, err, time.Second)
		})
		if n := w.store.Calls("SetThrottle"); n != 6 || judged != 0 {
			t.Errorf("%d tries, %d judged", n, judged)
		}
		w.uncounted(t)
	})
}

// Whoever loses the race for the last free guess learns how long the winner's wait is, not less.
func TestWhoLosesARaceIsToldTheWaitThatTheWinnerStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.person(t, "alice")
		blocked := account.Throttle{Failures: 9, BlockedUntil: noon.Add(8 * time.Second).UnixMilli(), ExpiresAt: noon.Add(24 * time.Hour).Unix()}
		w.store.Before("SetThrottle", func(_ context.Context, nth int) error {
			if nth == 6 {
				w.store.PutThrottle(account.NameSubject("alice"), blocked)
			}
			return account.ErrConflict
		})
		judged := hashes(t, func() {
			_, err := w.beginner.Begin(t.Context(), try("alice", rightPassword))
			wait(t, err, 8*time.Second)
		})
		if judged != 0 || w.store.Snapshot().Throttles[account.NameSubject("alice")] != blocked {
			t.Error("judged, or the wait has changed")
		}
	})
}

// The challenge is there, and nobody knows its id.
func TestAChallengeWhoseAnswerWasLostIsHarmless(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	w.store.After("AddChallenge", faults.Nth(1, errDown))
	begun, err := w.beginner.Begin(t.Context(), try("alice", rightPassword))
	refused(t, err, apperr.ServiceUnavailable)
	if begun.ChallengeID != "" || len(w.store.Snapshot().Challenges) != 1 {
		t.Errorf("the answer is %+v", begun)
	}
	w.uncounted(t)
	w.begin(t, "alice")
}
