package account_test

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/otp"
	"sallyport/shared/secret"
)

const enrolmentCode = "ENROLMENTCODEOF26CHARACTERS"

func (w *world) reenroller(t testing.TB) *account.Reenroller {
	return &account.Reenroller{
		Store: w.store, Sealer: w.secrets, Hasher: newHasher(t, least), Issuer: "Sallyport", Now: w.clock.Now,
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}
}

// resetPerson is somebody whose second factor an administrator has reset: an authenticator that nobody has seen, no recovery codes,
// no sessions, and a code for an hour.
func (w *world) resetPerson(t testing.TB) person {
	t.Helper()
	p := w.person(t, "alice")
	unseen := w.secrets.aead.Seal(nil, nil, otp.NewSecret().Bytes(), p.userID[:])
	w.store.EditAccount("alice", func(a *account.Account) {
		a.SealedTOTPSecret, a.RecoveryCodes = unseen, nil
		a.EnrolmentHash, a.EnrolmentExpiresAt = account.EnrolmentHash(enrolmentCode), w.clock.Now().Unix()+3600
	})
	return p
}

func reenrol(username, password, code string) account.ReenrolInput {
	return account.ReenrolInput{Username: username, Password: secret.New(password), Enrolment: secret.New(code), Address: home}
}

func TestAfterAResetThePasswordAndTheCodeGiveANewAuthenticator(t *testing.T) {
	w := newWorld(t)
	old := w.resetPerson(t)
	w.store.EditAccount("alice", func(a *account.Account) { a.LastTOTPStep = otp.StepAt(noon) }) // signed in in this very half minute
	_, err := w.finish(t, old, w.code(old, 0))
	refused(t, err, apperr.Unauthenticated)
	var fresh person
	for range 2 { // the second time as after a lost answer: the last one counts
		answer, err := w.reenroller(t).Reenrol(t.Context(), reenrol("ALICE", rightPassword, enrolmentCode))
		if err != nil {
			t.Fatal(err)
		}
		earlier := fresh
		fresh = registered(t, answer)
		if answer.UserID != old.userID || answer.Username != "alice" || len(answer.RecoveryCodes) != 10 {
			t.Errorf("answered %+v", answer)
		}
		if earlier.username != "" {
			_, err = w.finish(t, old, earlier.recovery[0])
			refused(t, err, apperr.Unauthenticated)
		}
	}
	if signedIn, err := w.finish(t, fresh, w.code(fresh, 0)); err != nil || !w.live(t, signedIn.AccessToken) {
		t.Fatal(err)
	}
	// The first completed sign-in uses the code up.
	if a := w.account(t, "alice"); a.EnrolmentHash != "" || a.EnrolmentExpiresAt != 0 {
		t.Errorf("the account is %+v", a)
	}
	_, err = w.reenroller(t).Reenrol(t.Context(), reenrol("alice", rightPassword, enrolmentCode))
	refused(t, err, apperr.Unauthenticated)
	if _, err := w.finish(t, fresh, fresh.recovery[0]); err != nil {
		t.Error(err)
	}
}

func TestAnAccountThatWasEnrolledAnewIsNeverPendingAgain(t *testing.T) {
	w := newWorld(t)
	w.resetPerson(t)
	if _, err := w.reenroller(t).Reenrol(t.Context(), reenrol("alice", rightPassword, enrolmentCode)); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func() error{
		func() error { _, err := account.NewChanger(w.store).Disable(t.Context(), "alice"); return err },
		func() error { _, err := account.NewChanger(w.store).Enable(t.Context(), "alice"); return err },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
	}
	if a := w.account(t, "alice"); a.Status != account.Active { // a pending account's name is free for anybody
		t.Errorf("the account is %s", a.Status)
	}
}

func TestAnEnrolmentIsRefusedAlikeWhateverIsWrong(t *testing.T) {
	details, work := map[string]bool{}, map[string]map[string]int{}
	for name, tc := range map[string]struct {
		in     account.ReenrolInput
		change func(w *world)
	}{
		"an unknown name":     {reenrol("nobody", rightPassword, enrolmentCode), nil},
		"an impossible name":  {reenrol("al ice", rightPassword, enrolmentCode), nil},
		"a wrong password":    {reenrol("alice", "incorrect horse", enrolmentCode), nil},
		"an endless password": {reenrol("alice", strings.Repeat("x", 129), enrolmentCode), nil},
		"a wrong code":        {reenrol("alice", rightPassword, "another code"), nil},
		"no code":             {reenrol("alice", rightPassword, ""), nil},
		"no reset": {reenrol("alice", rightPassword, ""), func(w *world) {
			w.store.EditAccount("alice", func(a *account.Account) { a.EnrolmentHash, a.EnrolmentExpiresAt = "", 0 })
		}},
		"an old code": {reenrol("alice", rightPassword, enrolmentCode), func(w *world) { w.clock.Advance(time.Hour) }},
		"a disabled account": {reenrol("alice", rightPassword, enrolmentCode), func(w *world) {
			w.store.EditAccount("alice", func(a *account.Account) { a.Status = account.Disabled })
		}},
	} {
		w := newWorld(t)
		w.resetPerson(t)
		if tc.change != nil {
			tc.change(w)
		}
		before := w.account(t, "alice")
		var err error
		var n int
		work[name] = w.calls(func() {
			n = hashes(t, func() { _, err = w.reenroller(t).Reenrol(t.Context(), tc.in) })
		})
		details[refused(t, err, apperr.Unauthenticated).Detail] = true
		if n != 1 || !maps.Equal(work[name], work["an unknown name"]) && work["an unknown name"] != nil {
			t.Errorf("%s: %d hashes, calls %v", name, n, work[name])
		}
		if after := w.account(t, "alice"); after.Revision != before.Revision {
			t.Errorf("%s: the account has changed", name)
		}
	}
	for name, calls := range work {
		if !maps.Equal(calls, work["a wrong password"]) {
			t.Errorf("%s takes the calls %v", name, calls)
		}
	}
	if len(details) != 1 {
		t.Errorf("the answers tell them apart: %v", details)
	}
}

func TestGuessesAtAnEnrolmentAreCountedWithThoseAtSignIn(t *testing.T) {
	w := newWorld(t)
	w.resetPerson(t)
	for _, in := range []account.ReenrolInput{
		reenrol("alice", "incorrect horse", enrolmentCode), reenrol("alice", rightPassword, "another code"), reenrol("alice", "incorrect horse", enrolmentCode),
		reenrol("alice", rightPassword, "another code"), reenrol("alice", "incorrect horse", enrolmentCode), reenrol("alice", "incorrect horse", enrolmentCode),
	} {
		_, err := w.reenroller(t).Reenrol(t.Context(), in)
		refused(t, err, apperr.Unauthenticated)
	}
	_, err := w.reenroller(t).Reenrol(t.Context(), reenrol("alice", rightPassword, enrolmentCode))
	wait(t, err, time.Second)
	if named := apperr.From(err); named.Account != "alice" || named.UserID == "" {
		t.Errorf("whoever looks at the account's events does not see that it is being guessed at: %+v", named)
	}
	_, err = w.beginner.Begin(t.Context(), try("alice", rightPassword))
	wait(t, err, time.Second)
	w.clock.Advance(time.Second)
	if _, err := w.reenroller(t).Reenrol(t.Context(), reenrol("alice", rightPassword, enrolmentCode)); err != nil {
		t.Fatal(err)
	}
	if n := w.passwordFailures(); n != 0 {
		t.Errorf("%d failures are left", n)
	}
	w.store.PutThrottle(account.AddressSubject(home, noon.Add(5*time.Minute)), account.Throttle{Failures: 100, ExpiresAt: noon.Add(5 * time.Minute).Unix()})
	_, err = w.reenroller(t).Reenrol(t.Context(), reenrol("alice", rightPassword, enrolmentCode))
	refused(t, err, apperr.TooManyRequests)
}

func TestAnEnrolmentCodeThatIsTooLongIsRefusedUncounted(t *testing.T) {
	w := newWorld(t)
	w.resetPerson(t)
	_, err := w.reenroller(t).Reenrol(t.Context(), reenrol("alice", rightPassword, strings.Repeat("x", 129)))
	refused(t, err, apperr.InvalidRequest)
	w.uncounted(t)
}

func TestADependencyThatFailsEnrolsNobodyAndCountsAgainstNobody(t *testing.T) {
	for _, method := range []string{"CountFailure", "Account", "Throttle", "SetThrottle", "SealSecret", "ReplaceAuthenticator"} {
		w := newWorld(t)
		w.resetPerson(t)
		before := w.account(t, "alice")
		w.store.Before(method, faults.Always(errDown))
		w.secrets.Before(method, faults.Always(errDown))
		_, err := w.reenroller(t).Reenrol(t.Context(), reenrol("alice", rightPassword, enrolmentCode))
		refused(t, err, apperr.ServiceUnavailable)
		if after := w.account(t, "alice"); after.Revision != before.Revision || !slices.Equal(after.SealedTOTPSecret, before.SealedTOTPSecret) {
			t.Errorf("%s: the account has changed", method)
		}
		w.uncounted(t)
		w.mend()
		if _, err := w.reenroller(t).Reenrol(t.Context(), reenrol("alice", rightPassword, enrolmentCode)); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestAnEnrolmentOutlastsFiveConflictsWithOneHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.resetPerson(t)
		w.store.Before("ReplaceAuthenticator", faults.First(5, account.ErrConflict))
		if n := hashes(t, func() {
			if _, err := w.reenroller(t).Reenrol(t.Context(), reenrol("alice", rightPassword, enrolmentCode)); err != nil {
				t.Error(err)
			}
		}); n != 1 {
			t.Errorf("%d hashes", n)
		}
	})
}

// What an administrator does meanwhile counts.
func TestAnEnrolmentIsJudgedByWhatTheAccountIsWhenItIsWritten(t *testing.T) {
	for name, change := range map[string]func(a *account.Account){
		"disabled":    func(a *account.Account) { a.Status = account.Disabled },
		"reset again": func(a *account.Account) { a.EnrolmentHash = account.EnrolmentHash("another code") },
		"withdrawn":   func(a *account.Account) { a.EnrolmentHash, a.EnrolmentExpiresAt = "", 0 },
	} {
		w := newWorld(t)
		w.resetPerson(t)
		before := w.account(t, "alice")
		w.store.Before("ReplaceAuthenticator", once(func() { w.store.EditAccount("alice", change) }))
		_, err := w.reenroller(t).Reenrol(t.Context(), reenrol("alice", rightPassword, enrolmentCode))
		refused(t, err, apperr.Unauthenticated)
		if after := w.account(t, "alice"); !slices.Equal(after.SealedTOTPSecret, before.SealedTOTPSecret) {
			t.Errorf("%s: the authenticator is another", name)
		}
	}
}
