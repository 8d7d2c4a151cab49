package account_test

import (
	"fmt"
	"maps"
	"reflect"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/secret"
	"sallyport/shared/throttle"
)

// askFor puts the registrations that an address has asked for in these five minutes.
func (w *world) askFor(address string, registrations int) {
	end := noon.Add(throttle.Window)
	w.store.PutThrottle(throttle.AddressSubject("register", address, end), account.Throttle{Failures: registrations, ExpiresAt: end.Unix()})
}

func (w *world) askedFor() int {
	return w.store.Snapshot().Throttles[throttle.AddressSubject("register", home, noon.Add(throttle.Window))].Failures
}

// A registration costs a hash and a row, and a refusal tells whether a name is taken: so all of them count.
func TestAnAddressMayRegisterSoOftenInFiveMinutesOfTheClock(t *testing.T) {
	w := newWorld(t)
	w.clock.Set(noon.Add(90*time.Second + 500*time.Millisecond))
	w.askFor(home, registrations-1)
	w.register(t, input("last"))
	before := w.store.Snapshot()
	for _, left := range []time.Duration{3*time.Minute + 29500*time.Millisecond, time.Nanosecond} {
		w.clock.Set(noon.Add(throttle.Window - left))
		for _, in := range []account.RegisterInput{input("next"), input("last"), invited("next", "ADMIN", "wrong")} {
			var n int
			calls := w.calls(func() {
				n = hashes(t, func() {
					_, err := w.registrar.Register(t.Context(), in)
					wait(t, err, left)
				})
			})
			if want := (map[string]int{"CountFailure": 1}); n != 0 || !maps.Equal(calls, want) {
				t.Errorf("%d hashes, and calls %v, want %v", n, calls, want)
			}
		}
	}
	if !reflect.DeepEqual(w.store.Snapshot(), before) {
		t.Error("something has changed")
	}
	elsewhere := input("elsewhere")
	elsewhere.Address = "203.0.113.8"
	w.register(t, elsewhere)
	w.clock.Set(noon.Add(throttle.Window))
	w.register(t, input("next"))
}

func TestWellFormedRegistrationsCountAndOurOwnFaultsDoNot(t *testing.T) {
	w := newWorld(t)
	w.person(t, "taken")
	for i, tc := range []struct {
		name   string
		in     account.RegisterInput
		code   apperr.Code
		counts bool
	}{
		{"one that succeeds", input("alice"), "", true},
		{"for a name that is taken", input("taken"), apperr.UsernameTaken, true},
		{"with a wrong invitation", invited("bob", "ADMIN", "wrong"), apperr.Forbidden, true},
		{"for an impossible name", input("al ice"), apperr.InvalidRequest, false},
		{"with a common password", account.RegisterInput{Username: "bob", Password: secret.New("password1"), Address: home}, apperr.InvalidRequest, false},
		{"while the store is down", input("bob"), apperr.ServiceUnavailable, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.code == apperr.ServiceUnavailable {
				w.store.Before("CreateAccount", faults.Always(errDown))
			}
			before := w.askedFor()
			if _, err := w.registrar.Register(t.Context(), tc.in); apperr.CodeOf(err) != tc.code {
				t.Fatalf("%d: %v", i, err)
			}
			if counted := w.askedFor() - before; (counted == 1) != tc.counts || counted > 1 {
				t.Errorf("it counts %d times", counted)
			}
		})
	}
}

// They are counted before they are judged: so many at once cost no more hashes than the limit.
func TestRegistrationsAtOnceFromOneAddressCannotPassTheLimit(t *testing.T) {
	w := newWorld(t)
	const left = 3
	w.askFor(home, registrations-left)
	var errs []error
	n := hashes(t, func() {
		errs = atOnce(200, func(i int) error {
			_, err := w.registrar.Register(t.Context(), input(fmt.Sprintf("user%d", i)))
			return err
		})
	})
	want := map[apperr.Code]int{"": left, apperr.TooManyRequests: 200 - left}
	if got := codes(errs); n != left || !maps.Equal(got, want) || w.askedFor() != registrations {
		t.Errorf("%d hashes, answers %v, %d counted", n, got, w.askedFor())
	}
}

// What one route counts is nothing to another: whoever may register no more can sign in, and the other way round.
func TestARoutesCountIsItsOwn(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	w.askFor(home, registrations)
	w.begin(t, "alice")
	w = newWorld(t)
	w.failAddress(home, 100)
	w.register(t, input("alice"))
}
