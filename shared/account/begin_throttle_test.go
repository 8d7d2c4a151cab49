package account_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
)

func (w *world) wrong(t testing.TB, username string) {
	t.Helper()
	_, err := w.beginner.Begin(t.Context(), try(username, "incorrect horse"))
	refused(t, err, apperr.Unauthenticated)
}

// fail puts a name's failures where so many wrong passwords, the last of them now, leave them. Those that start no wait are
// the shortest way there is.
func (w *world) fail(username string, failures int) {
	w.store.PutThrottle(account.NameSubject(username), account.Throttle{
		Failures: failures, ExpiresAt: w.clock.Now().Add(24 * time.Hour).Unix(),
	})
}

func (w *world) failures(username string) int {
	return w.store.Snapshot().Throttles[account.NameSubject(username)].Failures
}

// Five failures are free. Each one after starts a wait. Until it is over nothing is judged, not even what is right.
func TestEachFailureAfterTheFifthDoublesTheWait(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	w.clock.Set(noon.Add(300 * time.Millisecond))
	for range 5 {
		w.wrong(t, "alice")
	}
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		w.wrong(t, "alice")
		w.waits(t, "alice", time.Duration(seconds)*time.Second)
	}
	w.begin(t, "alice")
}

// waits checks that the name has to wait so long from now, and lets that time pass.
func (w *world) waits(t testing.TB, username string, want time.Duration) {
	t.Helper()
	over := w.clock.Now().Add(want)
	for _, left := range []time.Duration{want, time.Millisecond, time.Nanosecond} {
		w.clock.Set(over.Add(-left))
		_, err := w.beginner.Begin(t.Context(), try(username, rightPassword))
		wait(t, err, left)
	}
	w.clock.Set(over)
}

func TestNamesThatNobodyHasWaitLikeAllOthers(t *testing.T) {
	for _, username := range []string{"nobody", "im possible", ""} {
		w := newWorld(t)
		for range 5 {
			w.wrong(t, username)
		}
		for _, seconds := range []int{1, 2} {
			w.wrong(t, username)
			w.waits(t, username, time.Duration(seconds)*time.Second)
		}
	}
}

func TestAnAttemptWhileThrottledIsNeitherJudgedNorCounted(t *testing.T) {
	for _, username := range []string{"alice", "nobody"} {
		w := newWorld(t)
		w.person(t, "alice")
		w.fail(username, 7)
		w.wrong(t, username)
		before := w.store.Snapshot().Throttles
		for _, text := range []string{rightPassword, "incorrect horse", ""} {
			var n int
			calls := w.calls(func() {
				n = hashes(t, func() {
					_, err := w.beginner.Begin(t.Context(), try(username, text))
					wait(t, err, 4*time.Second)
				})
			})
			if want := (map[string]int{"CountFailure": 1, "Account": 1, "Throttle": 1, "ForgiveFailure": 1}); n != 0 || !maps.Equal(calls, want) {
				t.Errorf("%d hashes, and calls %v, want %v", n, calls, want)
			}
		}
		if after := w.store.Snapshot().Throttles; !maps.Equal(after, before) {
			t.Errorf("counted: %+v, before %+v", after, before)
		}
	}
}

func TestAllSpellingsOfANameShareOneThrottle(t *testing.T) {
	w := newWorld(t)
	w.person(t, "zoë")
	for _, typed := range []string{"zoë", "ZOË", "Zoe\u0308", "ｚｏë", "ZOE\u0308", "zoë"} {
		w.wrong(t, typed)
	}
	for _, typed := range []string{"zoë", "ZOË", "Zoe\u0308", "ｚｏë"} {
		_, err := w.beginner.Begin(t.Context(), try(typed, rightPassword))
		wait(t, err, time.Second)
	}
}

func TestOneNamesFailuresAreNotAnothers(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	w.fail("bob", 20)
	w.wrong(t, "bob")
	w.begin(t, "alice")
	if w.failures("bob") != 21 {
		t.Errorf("bob's failures are %d", w.failures("bob"))
	}
}

func TestFailuresAreForgotten24HoursAfterTheLast(t *testing.T) {
	w := newWorld(t)
	w.fail("nobody", 19)
	w.clock.Advance(24*time.Hour - time.Second)
	w.wrong(t, "nobody") // which counts all again for a day
	_, err := w.beginner.Begin(t.Context(), try("nobody", rightPassword))
	wait(t, err, 900*time.Second)
	w.clock.Advance(24*time.Hour - time.Second)
	w.wrong(t, "nobody")
	_, err = w.beginner.Begin(t.Context(), try("nobody", rightPassword))
	wait(t, err, 900*time.Second)
	w.clock.Advance(24 * time.Hour) // and the row is still there
	for range 5 {
		w.wrong(t, "nobody")
	}
	if w.failures("nobody") != 5 {
		t.Errorf("%d failures are counted", w.failures("nobody"))
	}
}

func TestSuccessForgetsAllFailures(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	w.fail("alice", 19)
	w.wrong(t, "alice")
	w.clock.Advance(900 * time.Second)
	w.begin(t, "alice")
	for subject, row := range w.store.Snapshot().Throttles {
		if row.Failures != 0 && row.ExpiresAt > w.clock.Now().Unix() {
			t.Errorf("%s: %+v", subject, row)
		}
	}
	for range 5 {
		w.wrong(t, "alice")
	}
	w.begin(t, "alice")
}

// The password is what /login judges. Failed codes are counted apart, and looked at by /verify-otp alone.
func TestABlockedCodeDoesNotStopTheFirstStep(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	row := account.Throttle{
		Failures: 20, BlockedUntil: noon.Add(15 * time.Minute).UnixMilli(), ExpiresAt: noon.Add(24 * time.Hour).Unix(),
	}
	w.store.PutThrottle(account.CodeSubject(p.userID), row)
	begun := w.begin(t, "alice")
	if w.store.Snapshot().Throttles[account.CodeSubject(p.userID)] != row {
		t.Error("and the right password forgets no failed codes")
	}
	_, err := w.finisher.Finish(t.Context(), answering(begun.ChallengeID, w.code(p, 0)))
	wait(t, err, 15*time.Minute)
}

// An attempt is counted before it is judged: of however many at once, five free ones and the one that starts the wait.
func TestOfAThousandGuessesAtOnceSixAreJudged(t *testing.T) {
	for _, username := range []string{"alice", "nobody"} {
		t.Run(username, func(t *testing.T) {
			w := newWorld(t)
			w.person(t, "alice")
			var errs []error
			judged := hashes(t, func() {
				errs = atOnce(1000, func(i int) error {
					in := try(username, "incorrect horse")
					in.Address = fmt.Sprintf("198.51.100.%d", i%100)
					_, err := w.beginner.Begin(t.Context(), in)
					return err
				})
			})
			got := codes(errs)
			if judged > 6 || got[apperr.Unauthenticated] != judged || got[apperr.TooManyRequests] != 1000-judged || w.failures(username) != judged {
				t.Errorf("%d were judged, %d counted; answers: %v", judged, w.failures(username), got)
			}
		})
	}
}
