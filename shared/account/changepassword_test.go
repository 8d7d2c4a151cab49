package account_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/password"
	"sallyport/shared/secret"
)

func (w *world) passwordFailures() int {
	return w.store.Snapshot().Throttles[account.NameSubject("alice")].Failures
}

func TestANewPasswordIsStoredAndTheOldOneIsNoGoodAnyMore(t *testing.T) {
	w := newWorld(t)
	p, signedIn := w.inSession(t)
	before := w.account(t, "alice")
	if err := w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, toNew(rightPassword, w.code(p, 0))); err != nil {
		t.Fatal(err)
	}
	after := w.account(t, "alice")
	if after.SessionVersion != before.SessionVersion+1 || after.LastTOTPStep != otp.StepAt(w.clock.Now()) || len(after.Sessions) != 1 || after.Revision != before.Revision+1 {
		t.Errorf("the account is %+v", after)
	}
	_, err := w.beginner.Begin(t.Context(), try("alice", rightPassword))
	refused(t, err, apperr.Unauthenticated)
	if _, err := w.beginner.Begin(t.Context(), try("alice", newPassword)); err != nil {
		t.Error(err)
	}
}

func TestTheOldPasswordAndTheCodeMustBothBeRightAndTheAnswerIsOne(t *testing.T) {
	w := newWorld(t)
	p, signedIn := w.inSession(t)
	before := w.account(t, "alice")
	details := map[string]bool{}
	for name, tc := range map[string]struct {
		old                   string
		code                  secret.Text
		passwords, codeFailed int
	}{
		"a wrong password":              {"incorrect horse", w.code(p, 0), 1, 0},
		"a wrong code":                  {rightPassword, w.wrongCode(p), 0, 1},
		"both":                          {"incorrect horse", w.wrongCode(p), 1, 1},
		"a password that nobody has":    {strings.Repeat("x", 129), w.code(p, 0), 1, 0},
		"no password":                   {"", w.code(p, 0), 1, 0},
		"a used code":                   {rightPassword, w.code(p, -1), 0, 0},
		"a used code, a wrong password": {"incorrect horse", w.code(p, -1), 1, 0},
	} {
		var err error
		if n := hashes(t, func() {
			err = w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, toNew(tc.old, tc.code))
		}); n != 1 {
			t.Errorf("%s: %d hashes, want the one that judges", name, n)
		}
		details[refused(t, err, apperr.Unauthenticated).Detail] = true
		if w.passwordFailures() != tc.passwords || w.codeFailures(p) != tc.codeFailed {
			t.Errorf("%s: %d wrong passwords and %d wrong codes are counted", name, w.passwordFailures(), w.codeFailures(p))
		}
		w.store.PutThrottle(account.NameSubject("alice"), account.Throttle{})
		w.store.PutThrottle(account.CodeSubject(p.userID), account.Throttle{})
	}
	if len(details) != 1 {
		t.Errorf("the answers tell them apart: %v", details)
	}
	if after := w.account(t, "alice"); after.Revision != before.Revision {
		t.Errorf("something has changed: %+v", after)
	}
}

func TestGuessesAtTheOldPasswordAreThoseAtSignIn(t *testing.T) {
	w := newWorld(t)
	p, signedIn := w.inSession(t)
	for range 3 {
		_, err := w.from(t, elsewhere, "alice", "incorrect horse")
		refused(t, err, apperr.Unauthenticated)
		refused(t, w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, toNew("incorrect horse", w.code(p, 0))), apperr.Unauthenticated)
	}
	var err error
	if n := hashes(t, func() {
		err = w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, toNew(rightPassword, w.code(p, 0)))
	}); n != 0 {
		t.Errorf("%d hashes", n)
	}
	wait(t, err, time.Second)
	_, err = w.from(t, elsewhere, "alice", rightPassword)
	wait(t, err, time.Second)
	if n := w.codeFailures(p); n != 0 {
		t.Errorf("%d wrong codes are counted", n)
	}
	w.clock.Advance(time.Second)
	if err := w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, toNew(rightPassword, w.code(p, 0))); err != nil {
		t.Fatal(err)
	}
	if n := w.passwordFailures(); n != 0 {
		t.Errorf("%d failures are left", n)
	}
}

// As at sign-in, a stranger's guesses do not keep the owner from changing the password where he usually is.
func TestGuessesFromElsewhereDoNotKeepTheOwnerFromANewPassword(t *testing.T) {
	w := newWorld(t)
	p, signedIn := w.inSession(t)
	for range 6 {
		refused(t, w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, toNew("incorrect horse", w.code(p, 0))), apperr.Unauthenticated)
	}
	wait(t, w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, toNew(rightPassword, w.code(p, 0))), time.Second)
	in := toNew(rightPassword, w.code(p, 0))
	in.Address = home
	if err := w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, in); err != nil {
		t.Error(err)
	}
}

func TestOfManyGuessesAtTheOldPasswordAtOnceSixAreJudged(t *testing.T) {
	w := newWorld(t)
	p, signedIn := w.inSession(t)
	c := w.passwords(t)
	var errs []error
	judged := hashes(t, func() {
		errs = atOnce(60, func(int) error {
			// A recovery code that is right: no wrong code is counted, so that this is about passwords alone.
			return c.ChangePassword(t.Context(), signedIn.Identity, toNew("incorrect horse", p.recovery[0]))
		})
	})
	if judged > 6 || codes(errs)[apperr.Unauthenticated] != judged || w.passwordFailures() != judged {
		t.Errorf("%d were judged, %d counted: %v", judged, w.passwordFailures(), codes(errs))
	}
}

func TestANewPasswordIsCheckedLikeAnyOtherBeforeAnythingIsJudged(t *testing.T) {
	w := newWorld(t)
	p, signedIn := w.inSession(t)
	for name, text := range map[string]string{
		"common": "password1", "short": "1234567", "long": strings.Repeat("x", 129), "a control character": "correct\x00horse",
		"the old one": rightPassword, "the old one with another space": strings.Replace(rightPassword, " ", "\u00a0", 1),
	} {
		in := toNew(rightPassword, w.code(p, 0))
		in.New = secret.New(text)
		if n := hashes(t, func() {
			refused(t, w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, in), apperr.InvalidRequest)
		}); n != 0 {
			t.Errorf("%s: %d hashes", name, n)
		}
	}
	caller := signedIn.Identity
	caller.Username = "alice.liddell"
	in := toNew(rightPassword, w.code(p, 0))
	in.New = secret.New("Alice.Liddell")
	refused(t, w.passwords(t).ChangePassword(t.Context(), caller, in), apperr.InvalidRequest)
	w.uncounted(t)
}

// breached is a list of one password.
type breached string

func (b breached) Has(_ context.Context, p password.Plain) bool {
	only, err := password.Prepare(secret.New(string(b)))
	return err == nil && p.Equal(only)
}

func TestABreachedPasswordIsRefusedWhenAllElseIsRightAndTheCodeStaysGood(t *testing.T) {
	w := newWorld(t)
	p, signedIn := w.inSession(t)
	c := w.passwords(t)
	c.Breached = breached(newPassword)
	refused(t, c.ChangePassword(t.Context(), signedIn.Identity, toNew("incorrect horse", w.code(p, 0))), apperr.Unauthenticated)
	w.store.PutThrottle(account.NameSubject("alice"), account.Throttle{})
	err := refused(t, c.ChangePassword(t.Context(), signedIn.Identity, toNew(rightPassword, w.code(p, 0))), apperr.InvalidRequest)
	if !strings.Contains(err.Detail, "stolen") {
		t.Errorf("said %q", err.Detail)
	}
	w.uncounted(t)
	in := toNew(rightPassword, w.code(p, 0))
	in.New = secret.New("another fine phrase")
	if err := c.ChangePassword(t.Context(), signedIn.Identity, in); err != nil {
		t.Error(err)
	}

	w.registrar.Breached = breached(rightPassword)
	_, refusal := w.registrar.Register(t.Context(), input("bob"))
	refused(t, refusal, apperr.InvalidRequest)
	w.registrar.Breached = nil
	w.register(t, input("bob"))
}

// A sign-in with the old password, whenever it began, does not end in a session once the password is another.
func TestASignInWithTheOldPasswordLosesTheRaceAgainstANewOne(t *testing.T) {
	for name, at := range map[string]string{"judged before": "AddChallenge", "challenged before": "", "finished before": "FinishSignIn"} {
		w := newWorld(t)
		p, signedIn := w.inSession(t)
		changeIt := func() {
			if err := w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, toNew(rightPassword, p.recovery[0])); err != nil {
				t.Error(err)
			}
		}
		if at != "" {
			w.store.Before(at, once(changeIt))
		}
		begun, err := w.beginner.Begin(t.Context(), try("alice", rightPassword))
		if err != nil {
			t.Fatal(err)
		}
		if at == "" {
			changeIt()
		}
		_, err = w.finisher.Finish(t.Context(), account.FinishInput{ChallengeID: begun.ChallengeID, Code: w.code(p, 0), Address: home})
		refused(t, err, apperr.Unauthenticated)
		if a := w.account(t, "alice"); len(a.Sessions) != 1 || len(w.store.Snapshot().Records) != 1 {
			t.Errorf("%s: %d sessions", name, len(a.Sessions))
		}
	}
}

func TestOfTwoPasswordChangesAtOnceOneIsDoneAndTheOtherCountsAgainstNobody(t *testing.T) {
	for range rounds {
		w := newWorld(t)
		p, signedIn := w.inSession(t)
		c := w.passwords(t)
		errs := atOnce(2, func(i int) error {
			in := toNew(rightPassword, p.recovery[i])
			in.New = secret.New(newPassword + []string{" one", " two"}[i])
			return c.ChangePassword(t.Context(), signedIn.Identity, in)
		})
		if got := codes(errs); got[""] != 1 || got[apperr.Unauthenticated] != 1 {
			t.Fatalf("%v", got)
		}
		done := map[bool]string{true: " one", false: " two"}[errs[0] == nil]
		if _, err := w.beginner.Begin(t.Context(), try("alice", newPassword+done)); err != nil {
			t.Fatal(err)
		}
		if w.codeFailures(p) != 0 || w.passwordFailures() > 1 { // the loser may have read after the winner: then its old password was wrong
			t.Fatalf("%d wrong codes, %d wrong passwords", w.codeFailures(p), w.passwordFailures())
		}
	}
}

// Who was right when it was read is no guesser, even if the account is another when it is written.
func TestAPasswordThatChangesMeanwhileIsNoWrongGuess(t *testing.T) {
	w := newWorld(t)
	p, signedIn := w.inSession(t)
	w.store.Before("ChangeCredentials", once(func() {
		w.store.EditAccount("alice", func(a *account.Account) {
			hasher := newHasher(t, least)
			plain, _ := password.Prepare(secret.New("somebody else's phrase"))
			a.PasswordHash, _ = hasher.Hash(plain)
		})
	}))
	refused(t, w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, toNew(rightPassword, w.code(p, 0))), apperr.Unauthenticated)
	w.uncounted(t)
}

func TestADamagedPasswordHashIsAnAlarmAndNoGuess(t *testing.T) {
	w := newWorld(t)
	p, signedIn := w.inSession(t)
	w.store.EditAccount("alice", func(a *account.Account) { a.PasswordHash = "damaged" })
	if err := refused(t, w.passwords(t).ChangePassword(t.Context(), signedIn.Identity, toNew(rightPassword, w.code(p, 0))), apperr.Corrupt); !err.Alarm {
		t.Error("no alarm")
	}
	w.uncounted(t)
}

func TestADamagedAuthenticatorSecretIsAnAlarmAndNoGuess(t *testing.T) {
	for way, do := range ways() {
		w := newWorld(t)
		p, signedIn := w.inSession(t)
		w.store.EditAccount("alice", func(a *account.Account) { a.SealedTOTPSecret = []byte("damaged") })
		if err := refused(t, do(t, w, p, signedIn.Identity, w.code(p, 0)), apperr.Unauthenticated); !err.Alarm {
			t.Errorf("%s: no alarm", way)
		}
		w.uncounted(t)
	}
}
