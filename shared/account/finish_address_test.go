package account_test

import (
	"fmt"
	"maps"
	"reflect"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/secret"
	"sallyport/shared/throttle"
	"sallyport/shared/token"
)

// failCodes puts an address's failures where so many wrong codes in these five minutes leave them.
func (w *world) failCodes(address string, failures int) {
	end := noon.Add(throttle.Window)
	w.store.PutThrottle(throttle.AddressSubject("verify-otp", address, end), account.Throttle{Failures: failures, ExpiresAt: end.Unix()})
}

func (w *world) addressCodeFailures() int {
	return w.store.Snapshot().Throttles[throttle.AddressSubject("verify-otp", home, noon.Add(throttle.Window))].Failures
}

// More accounts, or challenges that nobody was given, give an address no more guesses.
func TestAnAddressMaySendAHundredWrongCodesInFiveMinutesOfTheClock(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	w.clock.Set(noon.Add(90*time.Second + 500*time.Millisecond))
	w.failCodes(home, 98)
	w.guess(t, p)
	_, err := w.finisher.Finish(t.Context(), answering(token.NewID().String(), w.code(p, 0)))
	refused(t, err, apperr.Unauthenticated)
	before := w.store.Snapshot()
	for _, left := range []time.Duration{3*time.Minute + 29500*time.Millisecond, time.Nanosecond} {
		w.clock.Set(noon.Add(throttle.Window - left))
		calls := w.calls(func() {
			_, err := w.finisher.Finish(t.Context(), answering(token.NewID().String(), w.code(p, 0)))
			wait(t, err, left)
		})
		if want := (map[string]int{"CountFailure": 1}); !maps.Equal(calls, want) {
			t.Errorf("calls %v, want %v", calls, want)
		}
	}
	if !reflect.DeepEqual(w.store.Snapshot(), before) {
		t.Error("something has changed")
	}
	challenge := w.challenge(p)
	if _, err := w.finisher.Finish(t.Context(), account.FinishInput{ChallengeID: challenge.ID, Code: w.code(p, 0), Address: "203.0.113.8"}); err != nil {
		t.Errorf("from another address: %v", err)
	}
	w.clock.Set(noon.Add(throttle.Window))
	if _, err := w.finish(t, p, p.recovery[0]); err != nil {
		t.Errorf("in the next window: %v", err)
	}
}

func TestOnlyWrongCodesAndUnknownChallengesCountAgainstAnAddress(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	used, expired := w.challenge(p), w.challenge(p)
	expired.ExpiresAt = noon.Unix()
	w.store.PutChallenge(expired)
	throttled := w.person(t, "bob")
	w.store.PutThrottle(account.CodeSubject(throttled.userID), account.Throttle{
		Failures: 5, BlockedUntil: noon.Add(time.Minute).UnixMilli(), ExpiresAt: noon.Add(time.Hour).Unix(),
	})
	for _, tc := range []struct {
		name      string
		challenge string
		code      secret.Text
		want      apperr.Code
		counts    bool
	}{
		{"a wrong code", used.ID, w.wrongCode(p), apperr.Unauthenticated, true},
		{"the right code", used.ID, w.code(p, 0), "", false},
		{"a code that was right once", w.challenge(p).ID, w.code(p, 0), apperr.Unauthenticated, false},
		{"a challenge that is gone", used.ID, w.code(p, 0), apperr.Unauthenticated, true},
		{"no challenge", "", w.code(p, 0), apperr.Unauthenticated, true},
		{"an expired challenge", expired.ID, w.code(p, 0), apperr.Unauthenticated, false},
		{"what is no code", used.ID, secret.New("12345"), apperr.InvalidRequest, false},
		{"what the account's throttle turns away", w.challenge(throttled).ID, w.wrongCode(throttled), apperr.TooManyRequests, false},
	} {
		before := w.addressCodeFailures()
		if _, err := w.finisher.Finish(t.Context(), answering(tc.challenge, tc.code)); apperr.CodeOf(err) != tc.want {
			t.Errorf("%s: %v", tc.name, err)
		}
		if counted := w.addressCodeFailures() - before; counted != 0 && !tc.counts || counted != 1 && tc.counts {
			t.Errorf("%s counts %d times", tc.name, counted)
		}
	}
}

func TestCodesAtOnceFromOneAddressCannotPassTheLimit(t *testing.T) {
	const left = 10
	w := newWorld(t)
	w.failCodes(home, 100-left)
	challenges, wrong := make([]string, 200), make([]secret.Text, 200)
	for i := range challenges { // an account each, so that no account's throttle is in the way
		p := w.person(t, fmt.Sprintf("user%d", i))
		challenges[i], wrong[i] = w.challenge(p).ID, w.wrongCode(p)
	}
	errs := atOnce(len(challenges), func(i int) error {
		_, err := w.finisher.Finish(t.Context(), answering(challenges[i], wrong[i]))
		return err
	})
	want := map[apperr.Code]int{apperr.Unauthenticated: left, apperr.TooManyRequests: len(challenges) - left}
	if got := codes(errs); !maps.Equal(got, want) || w.secrets.Calls("OpenSecret") != left {
		t.Errorf("answers %v, %d judged", got, w.secrets.Calls("OpenSecret"))
	}
}
