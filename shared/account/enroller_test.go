package account_test

import (
	"encoding/base32"
	"slices"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/otp"
	"sallyport/shared/secret"
	"sallyport/shared/session"
)

// enrolling begins an enrolment, and returns the person with the new authenticator in hand.
func (w *world) enrolling(t testing.TB, p person, caller session.Identity, code secret.Text) person {
	t.Helper()
	begun, err := w.enroller().BeginEnrolment(t.Context(), caller, code)
	if err != nil {
		t.Fatal(err)
	}
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(begun.TOTPSecret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if p.key, err = otp.ParseSecret(key); err != nil || begun.ExpiresIn != 600*time.Second || begun.TOTPURI.Reveal() != p.key.URI("Sallyport", p.username).Reveal() {
		t.Fatalf("begun: %v, for %v", err, begun.ExpiresIn)
	}
	return p
}

func TestANewAuthenticatorTakesTheOldOnesPlaceOnceACodeOfItIsShown(t *testing.T) {
	for name, proof := range map[string]func(*world, person) secret.Text{
		"for a code of the old one": func(w *world, p person) secret.Text { return w.code(p, 0) },
		"for a recovery code":       func(_ *world, p person) secret.Text { return p.recovery[0] },
	} {
		w := newWorld(t)
		old, signedIn := w.inSession(t)
		fresh := w.enrolling(t, old, signedIn.Identity, proof(w, old))
		if a := w.account(t, "alice"); len(a.EnrollingTOTPSecret) == 0 || a.EnrollingExpiresAt != w.clock.Now().Unix()+600 {
			t.Errorf("%s: the account is %+v", name, a)
		}
		_, err := w.finish(t, old, w.code(fresh, 0))
		refused(t, err, apperr.Unauthenticated) // not yet
		w.store.PutThrottle(account.CodeSubject(old.userID), account.Throttle{})

		if fresh.recovery, err = w.changer().FinishEnrolment(t.Context(), signedIn.Identity, w.code(fresh, 0)); err != nil || len(fresh.recovery) != 10 {
			t.Fatalf("%s: %d codes, %v", name, len(fresh.recovery), err)
		}
		if a := w.account(t, "alice"); len(a.EnrollingTOTPSecret) != 0 || a.EnrollingExpiresAt != 0 || a.LastTOTPStep != otp.StepAt(w.clock.Now()) {
			t.Errorf("%s: the account is %+v", name, a)
		}
		w.clock.Advance(30 * time.Second)
		for _, dead := range []secret.Text{w.code(old, 0), old.recovery[1], w.code(fresh, -1)} {
			_, err := w.finish(t, old, dead)
			refused(t, err, apperr.Unauthenticated)
		}
		w.store.PutThrottle(account.CodeSubject(old.userID), account.Throttle{})
		for _, good := range []secret.Text{w.code(fresh, 0), fresh.recovery[0], fresh.recovery[9]} {
			if _, err := w.finish(t, fresh, good); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Whoever never saw an answer goes on with what he has.
func TestALostAnswerOfAnEnrolmentStrandsNobody(t *testing.T) {
	w := newWorld(t)
	old, signedIn := w.inSession(t)
	w.store.After("ChangeCredentials", faults.Nth(1, errDown))
	_, err := w.enroller().BeginEnrolment(t.Context(), signedIn.Identity, old.recovery[0]) // stored, and the secret never seen
	refused(t, err, apperr.ServiceUnavailable)
	w.store.Mend()
	if _, err := w.finish(t, old, w.code(old, 0)); err != nil { // the old authenticator works on
		t.Fatal(err)
	}
	fresh := w.enrolling(t, old, signedIn.Identity, old.recovery[1]) // and beginning again replaces what was begun

	w.store.After("ChangeCredentials", faults.Nth(1, errDown))
	_, err = w.changer().FinishEnrolment(t.Context(), signedIn.Identity, w.code(fresh, 0)) // swapped, and the codes never seen
	refused(t, err, apperr.ServiceUnavailable)
	w.store.Mend()
	w.clock.Advance(30 * time.Second)
	codes, err := w.changer().NewRecoveryCodes(t.Context(), signedIn.Identity, w.code(fresh, 0)) // the new authenticator works
	if err != nil || len(codes) != 10 {
		t.Fatalf("%d codes, %v", len(codes), err)
	}
	w.store.After("ChangeCredentials", faults.Nth(1, errDown))
	w.clock.Advance(30 * time.Second)
	_, err = w.changer().NewRecoveryCodes(t.Context(), signedIn.Identity, w.code(fresh, 0)) // and once more, never seen
	refused(t, err, apperr.ServiceUnavailable)
	w.store.Mend()
	w.clock.Advance(30 * time.Second)
	if _, err := w.changer().NewRecoveryCodes(t.Context(), signedIn.Identity, w.code(fresh, 0)); err != nil {
		t.Error(err)
	}
	w.uncounted(t)
}

func TestAnEnrolmentIsOverWhenItIsReplacedOrTooOldOrOtherCredentialsChange(t *testing.T) {
	for name, over := range map[string]func(t *testing.T, w *world, p person, caller session.Identity){
		"never begun": func(_ *testing.T, w *world, _ person, _ session.Identity) {
			w.store.EditAccount("alice", func(a *account.Account) { a.EnrollingTOTPSecret, a.EnrollingExpiresAt = nil, 0 })
		},
		"ten minutes old": func(_ *testing.T, w *world, _ person, _ session.Identity) { w.clock.Advance(600 * time.Second) },
		"replaced by another": func(t *testing.T, w *world, p person, caller session.Identity) {
			w.enrolling(t, p, caller, p.recovery[5])
		},
		"a new password": func(t *testing.T, w *world, p person, caller session.Identity) {
			if err := w.passwords(t).ChangePassword(t.Context(), caller, toNew(rightPassword, p.recovery[5])); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			old, signedIn := w.inSession(t)
			fresh := w.enrolling(t, old, signedIn.Identity, w.code(old, 0))
			over(t, w, old, signedIn.Identity)
			before := w.account(t, "alice")
			_, err := w.changer().FinishEnrolment(t.Context(), signedIn.Identity, w.code(fresh, 0))
			refused(t, err, apperr.Unauthenticated)
			if after := w.account(t, "alice"); after.Revision != before.Revision || !slices.Equal(after.SealedTOTPSecret, before.SealedTOTPSecret) {
				t.Error("something has changed")
			}
		})
	}
}

func TestAnEnrolmentLastsTenMinutes(t *testing.T) {
	w := newWorld(t)
	old, signedIn := w.inSession(t)
	fresh := w.enrolling(t, old, signedIn.Identity, w.code(old, 0))
	w.clock.Advance(600*time.Second - time.Millisecond)
	if _, err := w.changer().FinishEnrolment(t.Context(), signedIn.Identity, w.code(fresh, 0)); err != nil {
		t.Error(err)
	}
}

func TestNewRecoveryCodesReplaceTheOldOnes(t *testing.T) {
	w := newWorld(t)
	p, signedIn := w.inSession(t)
	fresh, err := w.changer().NewRecoveryCodes(t.Context(), signedIn.Identity, w.code(p, 0))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, code := range fresh {
		seen[code.Reveal()] = true
	}
	if len(seen) != 10 {
		t.Errorf("%d different codes", len(seen))
	}
	_, err = w.finish(t, p, p.recovery[0])
	refused(t, err, apperr.Unauthenticated)
	for _, code := range fresh {
		if _, err := w.finish(t, p, code); err != nil {
			t.Error(err)
		}
		_, err := w.finish(t, p, code)
		refused(t, err, apperr.Unauthenticated)
	}
}
