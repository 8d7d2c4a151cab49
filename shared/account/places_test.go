package account_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
)

const (
	elsewhere = "198.51.100.9"
	abroad    = "2001:db8:1:2:3::4"
)

// from takes the first step from an address.
func (w *world) from(t testing.TB, address, username, text string) (account.Begun, error) {
	t.Helper()
	in := try(username, text)
	in.Address = address
	return w.beginner.Begin(t.Context(), in)
}

// signInFrom takes both steps from an address, and lets half a minute pass, in which there is a new code.
func (w *world) signInFrom(t testing.TB, address string, p person) {
	t.Helper()
	begun, err := w.from(t, address, p.username, rightPassword)
	if err == nil {
		_, err = w.finisher.Finish(t.Context(), account.FinishInput{ChallengeID: begun.ChallengeID, Code: w.code(p, 0), Address: address})
	}
	if err != nil {
		t.Fatalf("%s, from %s: %v", p.username, address, err)
	}
	w.clock.Advance(30 * time.Second)
}

// besiege has strangers guess at the name alice until it waits 900 s, and would after each further guess.
func (w *world) besiege(t testing.TB) {
	t.Helper()
	w.fail("alice", 19)
	if _, err := w.from(t, elsewhere, "alice", "incorrect horse"); apperr.CodeOf(err) != apperr.Unauthenticated {
		t.Fatal(err)
	}
	_, err := w.from(t, elsewhere, "alice", rightPassword)
	wait(t, err, 900*time.Second)
}

// Whoever guesses at a name makes all strangers wait, the owner among them when he is somewhere new, and never him at his usual places.
func TestStrangersGuessesDoNotKeepTheOwnerFromHisUsualPlaces(t *testing.T) {
	w := newWorld(t)
	fresh := registered(t, w.register(t, input("alice")))
	w.besiege(t)
	w.signInFrom(t, home, fresh) // the first time: he has registered here
	w.clock.Advance(15 * time.Minute)
	w.signInFrom(t, abroad, fresh)
	for range 3 {
		w.besiege(t)
		before := w.failures("alice")
		w.signInFrom(t, home, fresh)
		w.signInFrom(t, "2001:db8:1:2:ffff::1", fresh) // the same network
		_, err := w.from(t, "2001:db8:1:3::1", "alice", rightPassword)
		refused(t, err, apperr.TooManyRequests)
		if w.failures("alice") != before {
			t.Error("the owner's sign-in gives strangers new guesses")
		}
		w.clock.Advance(15 * time.Minute)
	}
}

func TestGuessesAtAUsualPlaceWaitLikeAllOthersAndMakeNobodyElseWait(t *testing.T) {
	w := newWorld(t)
	p := registered(t, w.register(t, input("alice")))
	w.signInFrom(t, abroad, p)
	for range 5 {
		w.wrong(t, "alice")
	}
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		w.wrong(t, "alice")
		w.waits(t, "alice", time.Duration(seconds)*time.Second)
	}
	w.wrong(t, "alice")
	if w.failures("alice") != 0 {
		t.Errorf("%d count against strangers", w.failures("alice"))
	}
	w.signInFrom(t, abroad, p)
	if _, err := w.from(t, elsewhere, "alice", rightPassword); err != nil {
		t.Errorf("from somewhere new: %v", err)
	}
	_, err := w.beginner.Begin(t.Context(), try("alice", rightPassword))
	wait(t, err, 900*time.Second-30*time.Second)
	if _, err := account.Unthrottle(t.Context(), w.store, "alice"); err != nil {
		t.Fatal(err)
	}
	w.begin(t, "alice")
}

// The password alone proves nothing, nor does a code from somewhere else.
func TestAPlaceIsUsualOnceASignInWasCompletedThere(t *testing.T) {
	w := newWorld(t)
	p := registered(t, w.register(t, input("alice")))
	begun, err := w.from(t, elsewhere, "alice", rightPassword)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.finisher.Finish(t.Context(), account.FinishInput{ChallengeID: begun.ChallengeID, Code: w.wrongCode(p), Address: elsewhere})
	refused(t, err, apperr.Unauthenticated)
	if n := len(w.account(t, "alice").Places); n != 1 {
		t.Errorf("%d places", n)
	}
	if _, err := w.finisher.Finish(t.Context(), account.FinishInput{ChallengeID: begun.ChallengeID, Code: w.code(p, 0), Address: abroad}); err != nil {
		t.Fatal(err)
	}
	w.besiege(t) // from elsewhere, which is still no place of hers
	if _, err := w.from(t, abroad, "alice", rightPassword); err != nil {
		t.Errorf("where the code was shown: %v", err)
	}
}

func TestAPlaceIsForgotten90DaysAfterTheLastSignInThere(t *testing.T) {
	w := newWorld(t)
	p := registered(t, w.register(t, input("alice")))
	w.clock.Advance(80 * 24 * time.Hour)
	w.signInFrom(t, home, p)
	w.clock.Advance(90*24*time.Hour - 31*time.Second)
	w.besiege(t)
	w.begin(t, "alice")
	w.clock.Advance(time.Second)
	_, err := w.beginner.Begin(t.Context(), try("alice", rightPassword))
	refused(t, err, apperr.TooManyRequests)
}

func TestAnAccountHasEightPlacesAndTheOneUsedLongestAgoGoes(t *testing.T) {
	w := newWorld(t)
	p := registered(t, w.register(t, input("alice")))
	at := func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }
	for i := range account.MaxPlaces - 1 {
		w.signInFrom(t, at(i), p)
	}
	w.signInFrom(t, home, p)                                         // used again, so that at(0) is the oldest
	for i := account.MaxPlaces - 1; i < 2*account.MaxPlaces-2; i++ { // one after the other, until home is the oldest
		w.signInFrom(t, at(i), p)
		if n := len(w.account(t, "alice").Places); n != account.MaxPlaces {
			t.Fatalf("%d places", n)
		}
		w.besiege(t)
		_, oldest := w.from(t, at(i-account.MaxPlaces+1), "alice", rightPassword)
		_, newest := w.from(t, at(i), "alice", rightPassword)
		if apperr.CodeOf(oldest) != apperr.TooManyRequests || newest != nil {
			t.Errorf("the ninth place: the oldest gets %v, the newest %v", oldest, newest)
		}
		if _, err := account.Unthrottle(t.Context(), w.store, "alice"); err != nil {
			t.Fatal(err)
		}
	}
}

// The rows say of nobody where he has been, nor that two have been at one place.
func TestPlacesAreStoredHashedForEachAccount(t *testing.T) {
	w := newWorld(t)
	w.register(t, input("alice"))
	w.register(t, input("bob"))
	alice, bob := slices.Collect(maps.Keys(w.account(t, "alice").Places)), slices.Collect(maps.Keys(w.account(t, "bob").Places))
	if len(alice) != 1 || len(bob) != 1 || alice[0] == bob[0] || len(alice[0]) != 64 || strings.Contains(alice[0], home) {
		t.Errorf("%v and %v", alice, bob)
	}
}

// A name that is registered anew, by whomever, has none of its former owner's places.
func TestAReplacementHasItsOwnPlacesOnly(t *testing.T) {
	w := newWorld(t)
	w.register(t, input("alice"))
	w.clock.Advance(15 * time.Minute)
	in := input("alice")
	in.Address = elsewhere
	w.register(t, in)
	w.fail("alice", 19)
	_, err := w.from(t, abroad, "alice", "incorrect horse")
	refused(t, err, apperr.Unauthenticated)
	_, err = w.from(t, home, "alice", rightPassword)
	wait(t, err, 900*time.Second)
	if _, err := w.from(t, elsewhere, "alice", rightPassword); err != nil {
		t.Error(err)
	}
}
