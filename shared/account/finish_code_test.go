package account_test

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

// said is the one refusal of a code, whatever is wrong.
const said = "The code is wrong or used, or the challenge is over. Wait for the next code, or sign in again."

func TestOnlyTheCodesOfThisStepAndTheOneBeforeAreAccepted(t *testing.T) {
	for _, at := range []time.Duration{0, 15 * time.Second, 30*time.Second - time.Nanosecond} {
		for steps, ok := range map[int64]bool{-3: false, -2: false, -1: true, 0: true, 1: false, 2: false} {
			w := newWorld(t)
			w.clock.Advance(at)
			p := w.person(t, "alice")
			_, err := w.finish(t, p, w.code(p, steps))
			if !ok {
				if refused(t, err, apperr.Unauthenticated).Detail != said || w.account(t, "alice").LastTOTPStep != 0 {
					t.Errorf("%+d steps: %v", steps, err)
				}
				continue
			}
			if err != nil || w.account(t, "alice").LastTOTPStep != otp.StepAt(w.clock.Now())+steps {
				t.Errorf("%+d steps: %v, last step %d", steps, err, w.account(t, "alice").LastTOTPStep)
			}
		}
	}
}

func TestACodeIsGoodOnceWhateverTheChallenge(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	challenge, code := w.challenge(p), w.code(p, 0)
	if _, err := w.finisher.Finish(t.Context(), answering(challenge.ID, code)); err != nil {
		t.Fatal(err)
	}
	before := w.account(t, "alice")
	_, err := w.finisher.Finish(t.Context(), answering(challenge.ID, code))
	if refused(t, err, apperr.Unauthenticated).Detail != said {
		t.Errorf("with the same challenge: %v", err)
	}
	_, err = w.finish(t, p, code)
	if refused(t, err, apperr.Unauthenticated).Detail != said {
		t.Errorf("with a fresh challenge: %v", err)
	}
	_, err = w.finish(t, p, w.code(p, -1))
	if refused(t, err, apperr.Unauthenticated).Detail != said {
		t.Errorf("an older one after it: %v", err)
	}
	w.clock.Advance(30 * time.Second)
	_, err = w.finish(t, p, code)
	if refused(t, err, apperr.Unauthenticated).Detail != said {
		t.Errorf("as the one before: %v", err)
	}
	if after := w.account(t, "alice"); !reflect.DeepEqual(after, before) || len(w.store.Snapshot().Records) != 1 {
		t.Errorf("changed to %+v from %+v", after, before)
	}
	w.signIn(t, p)
}

func TestTheCodeBeforeAndThenTheCurrentOneAreBothGood(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	for _, steps := range []int64{-1, 0} {
		if _, err := w.finish(t, p, w.code(p, steps)); err != nil {
			t.Errorf("%+d: %v", steps, err)
		}
	}
}

// A code that was right once is no guess: a form sent twice uses up no tries.
func TestAReplayIsRefusedButNotCountedAgainstTheAccount(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	code := w.code(p, 0)
	w.signIn(t, p)
	for range 10 {
		_, err := w.finish(t, p, code)
		refused(t, err, apperr.Unauthenticated)
	}
	if n := w.codeFailures(p); n != 0 {
		t.Errorf("%d are counted", n)
	}
}

func TestWhatHasNotTheFormOfACodeIsRefusedUncountedAndUnread(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	challenge := w.challenge(p)
	before := w.store.Snapshot()
	right := w.code(p, 0).Reveal()
	for name, typed := range map[string]string{
		"nothing":                  "",
		"five digits":              right[1:],
		"seven digits":             right + "0",
		"a space before":           " " + right,
		"a space behind":           right + " ",
		"a line end":               right + "\n",
		"a space between":          right[:3] + " " + right[3:],
		"a sign":                   "+" + right[1:],
		"full-width digits":        "１２３４５６",
		"arabic digits":            "١٢٣٤٥٦",
		"letters":                  "abcdef",
		"a short recovery code":    p.recovery[0].Reveal()[:18],
		"a long recovery code":     p.recovery[0].Reveal() + "0",
		"a recovery code and more": p.recovery[0].Reveal() + " ",
		"a recovery code with a U": "U" + p.recovery[0].Reveal()[1:],
		"NUL":                      right[:5] + "\x00",
		"a book":                   strings.Repeat("1", 8000),
	} {
		t.Run(name, func(t *testing.T) {
			calls := w.calls(func() {
				_, err := w.finisher.Finish(t.Context(), answering(challenge.ID, secret.New(typed)))
				refused(t, err, apperr.InvalidRequest)
			})
			if len(calls) != 0 || !reflect.DeepEqual(w.store.Snapshot(), before) {
				t.Errorf("it caused %v", calls)
			}
		})
	}
	if _, err := w.finisher.Finish(t.Context(), answering(challenge.ID, w.code(p, 0))); err != nil {
		t.Error(err)
	}
}

// Whatever a challenge lacks, the answer is that of a wrong code, and nothing is counted against the account.
func TestAChallengeThatIsNotGoodRefusesTheRightCode(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(t *testing.T, w *world, p person, c account.Challenge) (id string)
	}{
		{"unknown", func(*testing.T, *world, person, account.Challenge) string { return token.NewID().String() }},
		{"empty", func(*testing.T, *world, person, account.Challenge) string { return "" }},
		{"no text", func(*testing.T, *world, person, account.Challenge) string { return "\xff\x00" }},
		{"128 bytes", func(*testing.T, *world, person, account.Challenge) string { return strings.Repeat("x", 128) }},
		{"altered", func(_ *testing.T, _ *world, _ person, c account.Challenge) string { return c.ID[1:] + "x" }},
		{"expired this second, its row still there", func(_ *testing.T, w *world, _ person, c account.Challenge) string {
			w.clock.Advance(challengeLife)
			return c.ID
		}},
		{"expired long ago, its row still there", func(_ *testing.T, w *world, _ person, c account.Challenge) string {
			w.clock.Advance(72 * time.Hour)
			return c.ID
		}},
		{"of an account that was disabled since", func(_ *testing.T, w *world, _ person, c account.Challenge) string {
			w.store.EditAccount("alice", func(a *account.Account) { a.Status = account.Disabled })
			return c.ID
		}},
		{"of an account of no known status", func(_ *testing.T, w *world, _ person, c account.Challenge) string {
			w.store.EditAccount("alice", func(a *account.Account) { a.Status = "" })
			return c.ID
		}},
		{"of an account whose sessions were ended since", func(_ *testing.T, w *world, _ person, c account.Challenge) string {
			w.store.EditAccount("alice", func(a *account.Account) { a.SessionVersion++ })
			return c.ID
		}},
		{"of an account that was replaced since", func(_ *testing.T, w *world, _ person, c account.Challenge) string {
			w.store.EditAccount("alice", func(a *account.Account) { a.UserID = token.NewID() })
			return c.ID
		}},
		{"of an account that is gone", func(_ *testing.T, w *world, _ person, c account.Challenge) string {
			w.store.RemoveAccount("alice")
			return c.ID
		}},
		{"of another account", func(t *testing.T, w *world, _ person, _ account.Challenge) string {
			return w.challenge(w.person(t, "mallory")).ID
		}},
		{"used", func(t *testing.T, w *world, p person, c account.Challenge) string {
			if _, err := w.finisher.Finish(t.Context(), answering(c.ID, w.code(p, -1))); err != nil {
				t.Fatal(err)
			}
			return c.ID
		}},
		{"used up", func(_ *testing.T, w *world, _ person, c account.Challenge) string {
			c.Attempts = 5
			w.store.PutChallenge(c)
			return c.ID
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			p := w.person(t, "alice")
			id := tc.change(t, w, p, w.challenge(p))
			records := len(w.store.Snapshot().Records)
			signedIn, err := w.finisher.Finish(t.Context(), answering(id, w.code(p, 0)))
			if found := refused(t, err, apperr.Unauthenticated); found.Detail != said || found.Alarm {
				t.Errorf("refused with %q, alarm %v", found.Detail, found.Alarm)
			}
			if signedIn.AccessToken.Reveal() != "" || len(w.store.Snapshot().Records) != records || w.codeFailures(p) != 0 {
				t.Errorf("%d failures are counted, %d records there", w.codeFailures(p), len(w.store.Snapshot().Records))
			}
		})
	}
}

func TestAChallengeThatIsUnknownOrExpiredCostsOneReadAndItsCount(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	challenge := w.challenge(p)
	w.clock.Advance(challengeLife)
	for id, want := range map[string]map[string]int{
		challenge.ID:           {"CountFailure": 1, "Challenge": 1, "ForgiveFailure": 1},
		token.NewID().String(): {"CountFailure": 1, "Challenge": 1},
	} {
		calls := w.calls(func() {
			_, err := w.finisher.Finish(t.Context(), answering(id, w.code(p, 0)))
			refused(t, err, apperr.Unauthenticated)
		})
		if !maps.Equal(calls, want) {
			t.Errorf("it caused %v, want %v", calls, want)
		}
	}
}

func TestAChallengeIsGoodUntilTheSecondItExpires(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	challenge := w.challenge(p)
	w.clock.Advance(challengeLife - time.Nanosecond)
	if _, err := w.finisher.Finish(t.Context(), answering(challenge.ID, w.code(p, 0))); err != nil {
		t.Error(err)
	}
}

func TestAChallengeIDOf129BytesIsRefusedUnread(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	calls := w.calls(func() {
		_, err := w.finisher.Finish(t.Context(), answering(strings.Repeat("x", 129), w.code(p, 0)))
		refused(t, err, apperr.InvalidRequest)
	})
	if len(calls) != 0 {
		t.Errorf("it caused %v", calls)
	}
}

func TestADamagedAuthenticatorSecretLetsNobodyInAndRaisesAnAlarm(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, w *world, a *account.Account){
		"altered": func(_ *testing.T, _ *world, a *account.Account) { a.SealedTOTPSecret[20] ^= 1 },
		"empty":   func(_ *testing.T, _ *world, a *account.Account) { a.SealedTOTPSecret = nil },
		"another's": func(t *testing.T, w *world, a *account.Account) {
			a.SealedTOTPSecret = w.account(t, "mallory").SealedTOTPSecret
		},
		"of wrong size": func(_ *testing.T, w *world, a *account.Account) {
			a.SealedTOTPSecret = w.secrets.aead.Seal(nil, nil, []byte("x"), a.UserID[:])
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p, mallory := w.person(t, "alice"), w.person(t, "mallory")
			damaged := w.account(t, "alice")
			change(t, w, &damaged)
			w.store.PutAccount(damaged)
			for _, code := range []secret.Text{w.code(p, 0), p.recovery[0], w.code(mallory, 0), mallory.recovery[0]} {
				_, err := w.finish(t, p, code)
				found := refused(t, err, apperr.Unauthenticated)
				if !found.Alarm || found.Detail != said || found.Account != "alice" {
					t.Errorf("refused with %q, alarm %v, %q", found.Detail, found.Alarm, found.Account)
				}
			}
			if w.codeFailures(p) != 0 || len(w.store.Snapshot().Records) != 0 {
				t.Errorf("%d failures are counted", w.codeFailures(p))
			}
		})
	}
}
