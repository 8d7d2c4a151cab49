package account_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/otp"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

// restored is what a test looks at after restoring.
type restored struct {
	outcome account.Outcome
	status  account.Status
	role    policy.Role
	codes   int
}

func TestRestoringLetsNobodyInWhoCouldNotSignInUnlessTold(t *testing.T) {
	for name, c := range map[string]struct {
		old, live func(*account.Account) // live nil: nobody has the name
		cautious  restored
		asItWas   restored
	}{
		"gone": {
			cautious: restored{account.Returned, account.Disabled, policy.Admin, 10},
			asItWas:  restored{account.Returned, account.Active, policy.Admin, 10},
		},
		"gone, and disabled then": {
			old:      func(a *account.Account) { a.Status = account.Disabled },
			cautious: restored{account.Returned, account.Disabled, policy.Admin, 10},
			asItWas:  restored{account.Returned, account.Disabled, policy.Admin, 10},
		},
		"gone, and never used": {
			old:      func(a *account.Account) { a.Status = account.Pending },
			cautious: restored{account.Unproven, account.Pending, policy.Admin, 10},
			asItWas:  restored{account.Unproven, account.Pending, policy.Admin, 10},
		},
		"unchanged": {
			live:     func(*account.Account) {},
			cautious: restored{account.Same, account.Active, policy.Admin, 10},
			asItWas:  restored{account.Same, account.Active, policy.Admin, 10},
		},
		"another password": {
			live:     func(a *account.Account) { a.PasswordHash = "$argon2id$other" },
			cautious: restored{account.Replaced, account.Active, policy.Admin, 10},
			asItWas:  restored{account.Replaced, account.Active, policy.Admin, 10},
		},
		"disabled since": {
			live:     func(a *account.Account) { a.Status = account.Disabled },
			cautious: restored{account.Same, account.Disabled, policy.Admin, 10},
			asItWas:  restored{account.Replaced, account.Active, policy.Admin, 10},
		},
		"enabled since": {
			old:      func(a *account.Account) { a.Status = account.Disabled },
			live:     func(a *account.Account) { a.Status = account.Active },
			cautious: restored{account.Replaced, account.Disabled, policy.Admin, 10},
			asItWas:  restored{account.Replaced, account.Disabled, policy.Admin, 10},
		},
		"used for the first time since": {
			old:      func(a *account.Account) { a.Status = account.Pending },
			live:     func(a *account.Account) { a.Status, a.LastTOTPStep = account.Active, 7 },
			cautious: restored{account.Same, account.Active, policy.Admin, 10},
			asItWas:  restored{account.Same, account.Active, policy.Admin, 10},
		},
		"used since, with a recovery code, and another password": {
			old: func(a *account.Account) { a.Status = account.Pending },
			live: func(a *account.Account) {
				a.Status, a.PasswordHash, a.RecoveryCodes = account.Active, "$argon2id$other", a.RecoveryCodes[1:]
			},
			cautious: restored{account.Replaced, account.Active, policy.Admin, 9},
			asItWas:  restored{account.Replaced, account.Active, policy.Admin, 10},
		},
		"used and disabled since": {
			old:      func(a *account.Account) { a.Status = account.Pending },
			live:     func(a *account.Account) { a.Status = account.Disabled },
			cautious: restored{account.Same, account.Disabled, policy.Admin, 10},
			asItWas:  restored{account.Same, account.Disabled, policy.Admin, 10},
		},
		"demoted since": {
			live:     func(a *account.Account) { a.Role, a.PasswordHash = policy.Consumer, "$argon2id$other" },
			cautious: restored{account.Replaced, account.Active, policy.Consumer, 10},
			asItWas:  restored{account.Replaced, account.Active, policy.Admin, 10},
		},
		"recovery codes used since": {
			live:     func(a *account.Account) { a.RecoveryCodes, a.PasswordHash = a.RecoveryCodes[3:], "$argon2id$other" },
			cautious: restored{account.Replaced, account.Active, policy.Admin, 7},
			asItWas:  restored{account.Replaced, account.Active, policy.Admin, 10},
		},
		"another authenticator": {
			live: func(a *account.Account) {
				a.SealedTOTPSecret, a.RecoveryCodes = []byte("another"), []string{"another secret's"}
			},
			cautious: restored{account.Replaced, account.Active, policy.Admin, 10},
			asItWas:  restored{account.Replaced, account.Active, policy.Admin, 10},
		},
		"another's name now": {
			live:     func(a *account.Account) { a.UserID, a.Role = token.NewID(), policy.Consumer },
			cautious: restored{account.Foreign, account.Active, policy.Consumer, 10},
			asItWas:  restored{account.Foreign, account.Active, policy.Consumer, 10},
		},
	} {
		for asItWas, want := range map[bool]restored{false: c.cautious, true: c.asItWas} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				p := w.person(t, "alice")
				w.store.EditAccount("alice", func(a *account.Account) {
					a.Role = policy.Admin
					if c.old != nil {
						c.old(a)
					}
				})
				old := w.account(t, "alice")
				w.store.RemoveAccount("alice")
				if c.live != nil {
					live := old
					live.RecoveryCodes = slices.Clone(old.RecoveryCodes)
					live.Revision, live.SessionVersion = 40, 30
					c.live(&live)
					w.store.PutAccount(live)
				}
				r := w.restorer()
				r.AsItWas = asItWas
				w.restores(t, *r, old, want)
				if again := want; want.outcome == account.Returned || want.outcome == account.Replaced {
					w.checkRestored(t, old, p.userID, c.live != nil)
					again.outcome = account.Same
					w.restores(t, *r, old, again)
				}
			})
		}
	}
}

// restorer returns one over the world's store.
func (w *world) restorer() *account.Restorer {
	return &account.Restorer{Store: w.store, Now: w.clock.Now, EndUnlisted: func(ctx context.Context, userID token.ID) error {
		return w.store.Write(ctx, "EndUnlisted", func() error {
			w.store.Step(func(records map[sessiontest.Key]session.Record) {
				maps.DeleteFunc(records, func(key sessiontest.Key, _ session.Record) bool { return key.UserID == userID })
			})
			return nil
		})
	}}
}

// restores checks what restoring does: first without writing, then for good.
func (w *world) restores(t *testing.T, r account.Restorer, old account.Account, want restored) {
	t.Helper()
	w.store.Forget()
	for _, r.DryRun = range []bool{true, false} {
		done, err := r.Restore(t.Context(), old)
		if err != nil {
			t.Fatal(err)
		}
		got := restored{done.Outcome, done.Account.Status, done.Account.Role, len(done.Account.RecoveryCodes)}
		if got != want {
			t.Errorf("as it was: %v, dry run: %v: %+v, want %+v", r.AsItWas, r.DryRun, got, want)
		}
		wrote := !r.DryRun && (want.outcome == account.Returned || want.outcome == account.Replaced)
		if n := w.store.Calls("ChangeAccount"); n > 0 != wrote {
			t.Errorf("dry run: %v, %d writes", r.DryRun, n)
		}
		if n := w.store.Calls("EndUnlisted"); n > 0 != (!r.DryRun && want.outcome == account.Returned) {
			t.Errorf("dry run: %v, unlisted sessions ended %d times", r.DryRun, n)
		}
	}
}

func (w *world) checkRestored(t *testing.T, old account.Account, userID token.ID, wasThere bool) {
	t.Helper()
	got := w.account(t, "alice")
	if got.UserID != userID || got.PasswordHash != old.PasswordHash || !bytes.Equal(got.SealedTOTPSecret, old.SealedTOTPSecret) {
		t.Errorf("the credentials are not the copy's: %+v", got)
	}
	if got.LastTOTPStep < otp.StepAt(w.clock.Now()) || len(got.Sessions) != 0 {
		t.Errorf("last step %d, sessions %v", got.LastTOTPStep, got.Sessions)
	}
	if got.SessionVersion <= old.SessionVersion || got.Revision <= old.Revision || wasThere && (got.SessionVersion != 31 || got.Revision != 41) {
		t.Errorf("session version %d, revision %d", got.SessionVersion, got.Revision)
	}
}

func TestRestoringEndsTheSessionsThatAreThere(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	old := w.account(t, "alice")
	before := w.signIn(t, p).AccessToken
	w.store.EditAccount("alice", func(a *account.Account) { a.PasswordHash = "$argon2id$damaged" })
	done, err := w.restorer().Restore(t.Context(), old)
	if err != nil || done.Ended != 1 || w.live(t, before) {
		t.Fatalf("%+v, %v; the session lives: %v", done, err, w.live(t, before))
	}
	w.clock.Advance(time.Minute)
	w.signIn(t, p)
}

func TestAnInterruptedRestoreLeavesNoSessionBehindItsAccount(t *testing.T) {
	for _, interrupted := range []string{"EndUnlisted", "ChangeAccount"} {
		w := newWorld(t)
		p := w.person(t, "alice")
		before := w.signIn(t, p).AccessToken
		old := w.account(t, "alice")
		w.store.RemoveAccount("alice")
		r := w.restorer()
		r.AsItWas = true
		w.store.Before(interrupted, faults.First(1, errDown))
		_, err := r.Restore(t.Context(), old)
		refused(t, err, apperr.ServiceUnavailable)
		if _, found := w.store.Snapshot().Accounts["alice"]; found {
			t.Errorf("%s failed, and the account is there", interrupted)
		}
		if done, err := r.Restore(t.Context(), old); err != nil || done.Outcome != account.Returned || w.live(t, before) {
			t.Errorf("%s failed, then: %+v, %v; the session lives: %v", interrupted, done, err, w.live(t, before))
		}
	}
}

func TestNoSignInCompletesWhileAnAccountIsBroughtBack(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	old := w.account(t, "alice")
	w.store.Before("FinishSignIn", once(func() { // its account is read; then the row is lost, and restored
		w.store.RemoveAccount("alice")
		r := w.restorer()
		r.AsItWas = true
		if _, err := r.Restore(t.Context(), old); err != nil {
			t.Error(err)
		}
	}))
	_, err := w.finish(t, p, w.code(p, 0))
	refused(t, err, apperr.Unauthenticated)
	if n := len(w.store.All()); n != 0 {
		t.Errorf("%d token rows are there", n)
	}
}

func TestRestoringReadsAgainWhenTheAccountHasChanged(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	old := w.account(t, "alice")
	w.store.EditAccount("alice", func(a *account.Account) { a.PasswordHash = "$argon2id$damaged" })
	w.store.Before("ChangeAccount", once(func() {
		w.store.EditAccount("alice", func(a *account.Account) { a.Status = account.Disabled })
	}))
	done, err := w.restorer().Restore(t.Context(), old)
	if err != nil || done.Account.Status != account.Disabled || w.account(t, "alice").Status != account.Disabled {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestRestoringThatCannotBeDoneSaysSo(t *testing.T) {
	for method, want := range map[string]apperr.Code{"Account": apperr.Corrupt, "ChangeAccount": apperr.ServiceUnavailable} {
		w := newWorld(t)
		w.person(t, "alice")
		old := w.account(t, "alice")
		w.store.RemoveAccount("alice")
		cause := error(apperr.Tampered("row_malformed", errDown))
		if want == apperr.ServiceUnavailable {
			cause = errDown
		}
		w.store.Before(method, faults.Always(cause))
		_, err := w.restorer().Restore(t.Context(), old)
		refused(t, err, want)
	}
}
