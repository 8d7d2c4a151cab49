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
	for _, username := range []string{"alice", "nobody", "im possible"} {
		t.Run(username, func(t *testing.T) {
			w := newWorld(t)
			if username == "alice" {
				w.person(t, username)
			}
			w.clock.Set(noon.Add(300 * time.Millisecond))
			for range 5 {
				w.wrong(t, username)
			}
			for _, seconds := range []int64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
				w.wrong(t, username)
				failed := w.clock.Now()
				over := failed.Add(time.Duration(seconds) * time.Second)
				for _, at := range []time.Time{failed, over.Add(-time.Millisecond), over.Add(-time.Nanosecond)} {
					w.clock.Set(at)
					_, err := w.beginner.Begin(t.Context(), try(username, rightPassword))
					wait(t, err, over.Sub(at))
				}
				w.clock.Set(over)
			}
		})
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
			if want := (map[string]int{"CountFailure": 1, "Throttle": 1, "ForgiveFailure": 1}); n != 0 || !maps.Equal(calls, want) {
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
	_, err := w.finisher.Finish(t.Context(), begun.ChallengeID, w.code(p, 0))
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

// An address may fail a hundred times in each five minutes of the clock. IPv6 counts by /64, the least that one subscriber gets.
func TestAnAddressMayFailAHundredTimesInFiveMinutes(t *testing.T) {
	windowEnd := noon.Add(5 * time.Minute)
	for _, tc := range []struct {
		name, failed, tries string
		blocked             bool
	}{
		{"the same", home, home, true},
		{"its neighbour", home, "203.0.113.8", false},
		{"mapped into IPv6", home, "::ffff:203.0.113.7", true},
		{"mapped, in hexadecimal", home, "::ffff:cb00:7107", true},
		{"mapped, then plain", "::ffff:203.0.113.7", home, true},
		{"another one mapped", home, "::ffff:203.0.113.8", false},
		{"the same of IPv6", "2001:db8:1:2:3::4", "2001:db8:1:2:3::4", true},
		{"the same in another spelling", "2001:db8:1:2:3::4", "2001:0DB8:0001:0002:0003:0000:0000:0004", true},
		{"the same network", "2001:db8:1:2:3::4", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
		{"the next network", "2001:db8:1:2:3::4", "2001:db8:1:3:3::4", false},
		{"the same with a zone", "fe80::1", "fe80::2%eth0", true},
		{"no address at all", "", "", true},
		{"no address and one", "", home, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			w.person(t, "alice")
			w.clock.Set(noon.Add(90*time.Second + 500*time.Millisecond))
			row := account.Throttle{Failures: 99, ExpiresAt: windowEnd.Unix()}
			w.store.PutThrottle(account.AddressSubject(tc.failed, windowEnd), row)

			in := try("nobody", "incorrect horse")
			in.Address = tc.failed
			_, err := w.beginner.Begin(t.Context(), in)
			refused(t, err, apperr.Unauthenticated) // the hundredth

			in = try("alice", rightPassword)
			in.Address = tc.tries
			if !tc.blocked {
				if _, err := w.beginner.Begin(t.Context(), in); err != nil {
					t.Error(err)
				}
				return
			}
			before := w.store.Snapshot()
			for _, at := range []time.Duration{90500 * time.Millisecond, 5*time.Minute - time.Nanosecond} {
				w.clock.Set(noon.Add(at))
				if n := hashes(t, func() {
					_, err := w.beginner.Begin(t.Context(), in)
					wait(t, err, 5*time.Minute-at)
				}); n != 0 {
					t.Errorf("it took %d hashes", n)
				}
			}
			if !maps.Equal(w.store.Snapshot().Throttles, before.Throttles) {
				t.Error("counted all the same")
			}
			w.clock.Set(windowEnd)
			if _, err := w.beginner.Begin(t.Context(), in); err != nil {
				t.Errorf("in the next five minutes: %v", err)
			}
		})
	}
}

func TestOnlyWrongPasswordsCountAgainstAnAddress(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	counted := func() int {
		return w.store.Snapshot().Throttles[account.AddressSubject(home, noon.Add(5*time.Minute))].Failures
	}
	w.wrong(t, "nobody")
	w.wrong(t, "alice")
	w.begin(t, "alice")
	w.begin(t, "alice")
	if counted() != 2 {
		t.Errorf("after two wrong and two right ones: %d", counted())
	}
	w.fail("bob", 6)
	w.wrong(t, "bob")
	_, err := w.beginner.Begin(t.Context(), try("bob", rightPassword))
	wait(t, err, 2*time.Second)
	if counted() != 3 {
		t.Errorf("after a throttled one: %d", counted())
	}
}

// Many who sign in at once behind one address do not stop each other: only wrong guesses stay counted.
func TestSignInsAtOnceFromOneAddressDoNotStopEachOther(t *testing.T) {
	const signIns = 10
	w := newWorld(t)
	for i := range signIns {
		w.person(t, fmt.Sprintf("user%d", i))
	}
	address := account.AddressSubject(home, noon.Add(5*time.Minute))
	w.store.PutThrottle(address, account.Throttle{Failures: 100 - signIns, ExpiresAt: noon.Add(5 * time.Minute).Unix()})
	errs := atOnce(signIns, func(i int) error {
		_, err := w.beginner.Begin(t.Context(), try(fmt.Sprintf("user%d", i), rightPassword))
		return err
	})
	if got := codes(errs); got[""] != signIns {
		t.Errorf("they get %v", got)
	}
	if n := w.store.Snapshot().Throttles[address].Failures; n != 100-signIns {
		t.Errorf("%d are counted against the address", n)
	}
}
