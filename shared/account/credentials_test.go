package account_test

import (
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/otp"
	"sallyport/shared/password"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

const newPassword = "battery staple horse"

func (w *world) changer() *account.CredentialChanger {
	return &account.CredentialChanger{
		Store: w.store, Opener: w.secrets, Now: w.clock.Now, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}
}

func (w *world) passwords(t testing.TB) *account.PasswordChanger {
	return &account.PasswordChanger{CredentialChanger: *w.changer(), Hasher: newHasher(t, least), Strength: password.CheckStrength}
}

func (w *world) enroller() *account.Enroller {
	return &account.Enroller{CredentialChanger: *w.changer(), Sealer: w.secrets, Issuer: "Sallyport"}
}

// toNew is the request for newPassword, from nowhere that the owner has been at.
func toNew(old string, code secret.Text) account.PasswordChange {
	return account.PasswordChange{Old: secret.New(old), OTP: code, New: secret.New(newPassword), Address: elsewhere}
}

// inSession is a person with a session and an API token beside it, half a minute after signing in.
func (w *world) inSession(t testing.TB) (person, account.SignedIn) {
	t.Helper()
	p := w.person(t, "alice")
	signedIn := w.signIn(t, p)
	w.clock.Advance(30 * time.Second)
	return p, signedIn
}

// addAPIToken lists an API token in the account, with its record.
func (w *world) addAPIToken(p person) token.ID {
	id := token.NewID()
	w.store.EditAccount(p.username, func(a *account.Account) {
		a.APITokens[id] = account.APITokenEntry{Name: "nightly", CreatedAt: noon.Unix(), ExpiresAt: noon.Unix() + 3600}
	})
	w.store.Add(session.Record{Kind: token.API, UserID: p.userID, TokenID: id, SessionID: id.String(), Username: p.username, ExpiresAt: noon.Unix() + 3600})
	return id
}

// ways are all that the owner of a session can change, each with a code of the app unless told otherwise.
func ways() map[string]func(t testing.TB, w *world, p person, caller session.Identity, code secret.Text) error {
	return map[string]func(testing.TB, *world, person, session.Identity, secret.Text) error{
		"password": func(t testing.TB, w *world, _ person, caller session.Identity, code secret.Text) error {
			return w.passwords(t).ChangePassword(t.Context(), caller, toNew(rightPassword, code))
		},
		"begin enrolment": func(t testing.TB, w *world, _ person, caller session.Identity, code secret.Text) error {
			_, err := w.enroller().BeginEnrolment(t.Context(), caller, code)
			return err
		},
		"recovery codes": func(t testing.TB, w *world, _ person, caller session.Identity, code secret.Text) error {
			_, err := w.changer().NewRecoveryCodes(t.Context(), caller, code)
			return err
		},
		"finish enrolment": func(t testing.TB, w *world, p person, caller session.Identity, code secret.Text) error {
			// The very secret of the present authenticator is being enrolled, so that one code is right for all.
			w.store.EditAccount(p.username, func(a *account.Account) {
				a.EnrollingTOTPSecret, a.EnrollingExpiresAt = a.SealedTOTPSecret, w.clock.Now().Unix()+600
			})
			_, err := w.changer().FinishEnrolment(t.Context(), caller, code)
			return err
		},
	}
}

func TestCredentialsDoNotChangeInTheNameOfASessionThatHasEnded(t *testing.T) {
	for way, do := range ways() {
		for name, end := range map[string]func(t *testing.T, w *world, caller session.Identity){
			"by logout": func(t *testing.T, w *world, caller session.Identity) {
				if err := w.revoker.Revoke(t.Context(), caller); err != nil {
					t.Error(err)
				}
			},
			"as a stolen one": func(t *testing.T, w *world, caller session.Identity) {
				if err := w.store.RemoveRecord(t.Context(), caller.UserID, caller.TokenID); err != nil {
					t.Error(err)
				}
			},
			"with the account disabled": func(t *testing.T, w *world, _ session.Identity) {
				if _, err := account.NewChanger(w.store).Disable(t.Context(), "alice"); err != nil {
					t.Error(err)
				}
			},
			"with all sessions": func(t *testing.T, w *world, _ session.Identity) {
				if _, err := account.NewChanger(w.store).EndSessions(t.Context(), "alice"); err != nil {
					t.Error(err)
				}
			},
			"with the account removed": func(t *testing.T, w *world, _ session.Identity) {
				if _, err := account.NewChanger(w.store).Remove(t.Context(), "alice"); err != nil {
					t.Error(err)
				}
			},
			"with the account replaced": func(t *testing.T, w *world, _ session.Identity) { w.person(t, "alice") },
		} {
			for _, when := range []string{"before", "between reading and writing"} {
				t.Run(way+" "+name+" "+when, func(t *testing.T) {
					w := newWorld(t)
					p, signedIn := w.inSession(t)
					if when == "before" {
						end(t, w, signedIn.Identity)
					} else {
						w.store.Before("ChangeCredentials", once(func() { end(t, w, signedIn.Identity) }))
					}
					err := do(t, w, p, signedIn.Identity, w.code(p, 0))
					refused(t, err, apperr.Unauthenticated)
					if a, found := w.store.Snapshot().Accounts["alice"]; found && (a.LastTOTPStep == otp.StepAt(w.clock.Now()) || len(a.RecoveryCodes) != 10) {
						t.Errorf("a code is used up: %+v", a)
					}
					w.uncounted(t)
				})
			}
		}
	}
}

func TestACodeIsGoodOnceWhereverItIsShown(t *testing.T) {
	for first, begin := range ways() {
		for second, again := range ways() {
			w := newWorld(t)
			p, signedIn := w.inSession(t)
			code := w.code(p, 0)
			if err := begin(t, w, p, signedIn.Identity, code); err != nil {
				t.Fatalf("%s: %v", first, err)
			}
			if second != "finish enrolment" { // its code is another authenticator's
				refused(t, again(t, w, p, signedIn.Identity, code), apperr.Unauthenticated)
			}
			_, err := w.finish(t, p, code)
			refused(t, err, apperr.Unauthenticated)
		}
	}
}

func TestARecoveryCodeIsGoodOnceWhereverItIsShown(t *testing.T) {
	for _, way := range []string{"password", "begin enrolment"} {
		w := newWorld(t)
		p, signedIn := w.inSession(t)
		code := p.recovery[3]
		if err := ways()[way](t, w, p, signedIn.Identity, code); err != nil {
			t.Fatal(err)
		}
		_, err := w.finish(t, p, code)
		refused(t, err, apperr.Unauthenticated)
		refused(t, ways()["begin enrolment"](t, w, p, signedIn.Identity, code), apperr.Unauthenticated)
		if a := w.account(t, "alice"); len(a.RecoveryCodes) != 9 {
			t.Errorf("%s: %d codes are left", way, len(a.RecoveryCodes))
		}
	}
}

func TestOfOneCodeAtManyRoutesAtOnceOneIsTaken(t *testing.T) {
	for name, pick := range map[string]func(*world, person) secret.Text{
		"of the app": func(w *world, p person) secret.Text { return w.code(p, 0) },
		"recovery":   func(_ *world, p person) secret.Text { return p.recovery[0] },
	} {
		for range rounds {
			w := newWorld(t)
			p, signedIn := w.inSession(t)
			code, challenge := pick(w, p), w.challenge(p)
			errs := atOnce(9, func(i int) error {
				switch i % 3 {
				case 0:
					return ways()["password"](t, w, p, signedIn.Identity, code)
				case 1:
					return ways()["begin enrolment"](t, w, p, signedIn.Identity, code)
				}
				_, err := w.finisher.Finish(t.Context(), account.FinishInput{ChallengeID: challenge.ID, Code: code, Address: home})
				return err
			})
			if got := codes(errs); got[""] != 1 {
				t.Fatalf("%s: %v", name, got)
			}
		}
	}
}

// Wrong codes are counted before they are judged, whichever route they come by, and with those at sign-in.
func TestWrongCodesOfAllRoutesAreOneCount(t *testing.T) {
	for way, do := range ways() {
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			p, signedIn := w.inSession(t)
			for range 5 {
				refused(t, do(t, w, p, signedIn.Identity, w.wrongCode(p)), apperr.Unauthenticated)
			}
			opened := w.secrets.Calls("OpenSecret")
			for other, again := range ways() {
				if err := again(t, w, p, signedIn.Identity, w.code(p, 0)); apperr.CodeOf(err) != apperr.TooManyRequests {
					t.Errorf("%s: %v", other, err)
				}
			}
			_, err := w.finish(t, p, w.code(p, 0))
			wait(t, err, 30*time.Second)
			if w.secrets.Calls("OpenSecret") != opened {
				t.Error("a code was judged")
			}
			if !w.live(t, signedIn.AccessToken) {
				t.Error("the open session has ended")
			}
			w.clock.Advance(30 * time.Second)
			if err := do(t, w, p, signedIn.Identity, w.code(p, 0)); err != nil {
				t.Errorf("after the wait: %v", err)
			}
			if n := w.codeFailures(p); n != 0 {
				t.Errorf("%d failures are left", n)
			}
		})
	}
}

func TestOfAHundredWrongCodesAtOnceAtEachRouteFiveAreJudged(t *testing.T) {
	for way, do := range ways() {
		w := newWorld(t)
		p, signedIn := w.inSession(t)
		before := w.secrets.Calls("OpenSecret")
		errs := atOnce(100, func(int) error { return do(t, w, p, signedIn.Identity, w.wrongCode(p)) })
		if judged := w.secrets.Calls("OpenSecret") - before; judged < 1 || judged > 5 || codes(errs)[apperr.Unauthenticated] != judged {
			t.Errorf("%s: %d were judged: %v", way, judged, codes(errs))
		}
	}
}

func TestWhatHasNotTheFormOfACodeIsRefusedUncounted(t *testing.T) {
	for way, do := range ways() {
		w := newWorld(t)
		p, signedIn := w.inSession(t)
		bad := []string{"", "12345", " 123456", "１２３４５６", "1234-5678"}
		if way == "recovery codes" || way == "finish enrolment" {
			bad = append(bad, p.recovery[0].Reveal()) // there it must be the app's
		}
		for _, code := range bad {
			if err := do(t, w, p, signedIn.Identity, secret.New(code)); apperr.CodeOf(err) != apperr.InvalidRequest {
				t.Errorf("%s, %q: %v", way, code, err)
			}
		}
		w.uncounted(t)
	}
}

func TestOtherSessionsAndAPITokensEndWithAPasswordOrAnAuthenticator(t *testing.T) {
	for way, ends := range map[string]bool{"password": true, "finish enrolment": true, "begin enrolment": false, "recovery codes": false} {
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			p, other := w.inSession(t)
			own := w.signIn(t, p)
			w.clock.Advance(30 * time.Second)
			api, pending := w.addAPIToken(p), w.challenge(p)
			if err := ways()[way](t, w, p, own.Identity, w.code(p, 0)); err != nil {
				t.Fatal(err)
			}
			if !w.live(t, own.AccessToken) || w.live(t, other.AccessToken) == ends {
				t.Errorf("own lives: %v, other lives: %v", w.live(t, own.AccessToken), w.live(t, other.AccessToken))
			}
			_, listed := w.account(t, "alice").APITokens[api]
			if _, lives, _ := w.store.Record(t.Context(), p.userID, api); lives == ends || listed == ends {
				t.Errorf("the API token is listed: %v, lives: %v", listed, lives)
			}
			w.clock.Advance(30 * time.Second)
			_, err := w.finisher.Finish(t.Context(), account.FinishInput{ChallengeID: pending.ID, Code: w.code(p, 0), Address: home})
			if void := apperr.CodeOf(err) == apperr.Unauthenticated; void != ends {
				t.Errorf("a challenge from before: %v", err)
			}
		})
	}
}

func TestAChangeOfCredentialsOutlastsFiveConflictsAndIsRefusedAfterSix(t *testing.T) {
	for way, do := range ways() {
		for tries, want := range map[int]apperr.Code{5: "", 6: apperr.ServiceUnavailable} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				p, signedIn := w.inSession(t)
				before := w.account(t, "alice")
				w.store.Before("ChangeCredentials", faults.First(tries, account.ErrConflict))
				if err := do(t, w, p, signedIn.Identity, w.code(p, 0)); apperr.CodeOf(err) != want && !(err == nil && want == "") {
					t.Errorf("after %d conflicts: %v", tries, err)
				}
				if after := w.account(t, "alice"); want != "" && way != "finish enrolment" && !reflect.DeepEqual(after, before) {
					t.Errorf("changed all the same: %+v", after)
				}
				w.uncounted(t)
			})
		}
	}
}

func TestADependencyThatFailsChangesNoCredentialAndCountsAgainstNobody(t *testing.T) {
	for way, do := range ways() {
		for _, method := range []string{"Account", "Throttle", "SetThrottle", "ChangeCredentials", "OpenSecret"} {
			w := newWorld(t)
			p, signedIn := w.inSession(t)
			before := w.account(t, "alice")
			w.store.Before(method, faults.Always(errDown))
			w.secrets.Before(method, faults.Always(errDown))
			refused(t, do(t, w, p, signedIn.Identity, w.code(p, 0)), apperr.ServiceUnavailable)
			w.mend()
			after := w.account(t, "alice")
			if way != "finish enrolment" && !reflect.DeepEqual(after, before) || after.PasswordHash != before.PasswordHash || !slices.Equal(after.RecoveryCodes, before.RecoveryCodes) {
				t.Errorf("%s without %s: %+v", way, method, after)
			}
			w.uncounted(t)
			if err := do(t, w, p, signedIn.Identity, w.code(p, 0)); err != nil { // with the very code that was not taken
				t.Errorf("%s when %s is back: %v", way, method, err)
			}
		}
	}
}
