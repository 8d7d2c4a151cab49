package account_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
)

// failAddress puts an address's failures where so many wrong passwords in these five minutes leave them.
func (w *world) failAddress(address string, failures int) {
	end := noon.Add(5 * time.Minute)
	w.store.PutThrottle(account.AddressSubject(address, end), account.Throttle{Failures: failures, ExpiresAt: end.Unix()})
}

func (w *world) addressFailures() int {
	return w.store.Snapshot().Throttles[account.AddressSubject(home, noon.Add(5*time.Minute))].Failures
}

func TestAnAddressMayFailAHundredTimesInFiveMinutesOfTheClock(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	w.clock.Set(noon.Add(90*time.Second + 500*time.Millisecond))
	w.failAddress(home, 99)
	w.wrong(t, "nobody") // the hundredth
	before := w.store.Snapshot().Throttles
	for _, left := range []time.Duration{3*time.Minute + 29500*time.Millisecond, time.Nanosecond} {
		w.clock.Set(noon.Add(5*time.Minute - left))
		var n int
		calls := w.calls(func() {
			n = hashes(t, func() {
				_, err := w.beginner.Begin(t.Context(), try("alice", rightPassword))
				wait(t, err, left)
			})
		})
		if want := (map[string]int{"CountFailure": 1}); n != 0 || !maps.Equal(calls, want) {
			t.Errorf("%d hashes, and calls %v, want %v", n, calls, want)
		}
	}
	if !maps.Equal(w.store.Snapshot().Throttles, before) {
		t.Error("counted all the same")
	}
	w.clock.Set(noon.Add(5 * time.Minute))
	w.begin(t, "alice")
}

// IPv6 counts by /64, the least that one subscriber gets.
func TestAnAddressIsBlockedInEverySpellingAndItsNeighbourIsNot(t *testing.T) {
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
			w.failAddress(tc.failed, 100)
			in := try("nobody", "incorrect horse")
			in.Address = tc.tries
			_, err := w.beginner.Begin(t.Context(), in)
			if tc.blocked {
				wait(t, err, 5*time.Minute)
			} else {
				refused(t, err, apperr.Unauthenticated)
			}
		})
	}
}

func TestOnlyWrongPasswordsCountAgainstAnAddress(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	w.wrong(t, "nobody")
	w.wrong(t, "alice")
	w.begin(t, "alice")
	w.begin(t, "alice")
	if w.addressFailures() != 2 {
		t.Errorf("after two wrong and two right ones: %d", w.addressFailures())
	}
	w.fail("bob", 6)
	w.wrong(t, "bob")
	_, err := w.beginner.Begin(t.Context(), try("bob", rightPassword))
	wait(t, err, 2*time.Second)
	if w.addressFailures() != 3 {
		t.Errorf("after a throttled one: %d", w.addressFailures())
	}
}

// Many who sign in at once behind one address do not stop each other: only wrong guesses stay counted.
func TestSignInsAtOnceFromOneAddressDoNotStopEachOther(t *testing.T) {
	const signIns = 6
	w := newWorld(t)
	for i := range signIns {
		w.person(t, fmt.Sprintf("user%d", i))
	}
	w.failAddress(home, 100-signIns)
	errs := atOnce(signIns, func(i int) error {
		_, err := w.beginner.Begin(t.Context(), try(fmt.Sprintf("user%d", i), rightPassword))
		return err
	})
	if got := codes(errs); got[""] != signIns {
		t.Errorf("they get %v", got)
	}
	if n := w.addressFailures(); n != 100-signIns {
		t.Errorf("%d are counted against the address", n)
	}
}
