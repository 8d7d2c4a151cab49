package account_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/policy"
)

// change is one of a Changer's methods, with everything but the name filled in.
type change func(context.Context, *account.Changer, string) (account.Changed, error)

func changes() map[string]change {
	return map[string]change{
		"EndSessions": func(ctx context.Context, c *account.Changer, name string) (account.Changed, error) {
			return c.EndSessions(ctx, name)
		},
		"Disable": func(ctx context.Context, c *account.Changer, name string) (account.Changed, error) {
			return c.Disable(ctx, name)
		},
		"SetRole": func(ctx context.Context, c *account.Changer, name string) (account.Changed, error) {
			return c.SetRole(ctx, name, "DEVELOPER")
		},
		"Remove": func(ctx context.Context, c *account.Changer, name string) (account.Changed, error) {
			return c.Remove(ctx, name)
		},
	}
}

func TestEachChangeEndsAllSessionsAtOnceAndVoidsChallenges(t *testing.T) {
	for name, change := range changes() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p, other := w.person(t, "zoë"), w.person(t, "bob")
			first, foreign := w.signIn(t, p).AccessToken, w.signIn(t, other).AccessToken
			pending := w.challenge(p)
			done, err := change(t.Context(), account.NewChanger(w.store), "ZOË")
			if err != nil || done.Ended != 1 || done.Already || done.Account.Username != "zoë" {
				t.Fatalf("%+v, %v", done, err)
			}
			if w.live(t, first) || !w.live(t, foreign) {
				t.Errorf("the account's session lives: %v, another's: %v", w.live(t, first), w.live(t, foreign))
			}
			_, err = w.finisher.Finish(t.Context(), answering(pending.ID, p.recovery[1]))
			if found := refused(t, err, apperr.Unauthenticated); found.Reason != "challenge_void" {
				t.Errorf("a challenge from before: %s", found.Reason)
			}
		})
	}
}

func TestADisabledAccountComesBackAsItWas(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	w.signIn(t, p)
	c := account.NewChanger(w.store)
	if _, err := c.Disable(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	_, err := w.beginner.Begin(t.Context(), try("alice", rightPassword))
	refused(t, err, apperr.Unauthenticated)
	if done, err := c.Disable(t.Context(), "alice"); err != nil || !done.Already {
		t.Errorf("disabled twice: %+v, %v", done, err)
	}
	if done, err := c.Enable(t.Context(), "alice"); err != nil || done.Account.Status != account.Active {
		t.Errorf("enabled: %+v, %v", done, err)
	}
	signedIn, err := w.finish(t, p, p.recovery[0])
	if err != nil {
		t.Fatal(err)
	}
	if done, err := c.Enable(t.Context(), "alice"); err != nil || !done.Already || !w.live(t, signedIn.AccessToken) {
		t.Errorf("enabling what is enabled ends sessions: %+v, %v", done, err)
	}
}

func TestEnablingProvesNoSecondFactor(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	w.store.EditAccount("alice", func(a *account.Account) { a.Status = account.Pending })
	c := account.NewChanger(w.store)
	for _, change := range []func(context.Context, string) (account.Changed, error){c.Disable, c.Enable} {
		if _, err := change(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.account(t, "alice").Status; got != account.Pending {
		t.Errorf("an account that never signed in is %s", got)
	}
}

func TestANewRoleIsThatOfTheNextSignIn(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	c := account.NewChanger(w.store)
	if done, err := c.SetRole(t.Context(), "alice", "ADMIN"); err != nil || done.Account.Role != policy.Admin {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := w.signIn(t, p).Identity.Role; got != policy.Admin {
		t.Errorf("signed in as %s", got)
	}
	if done, err := c.SetRole(t.Context(), "alice", "ADMIN"); err != nil || !done.Already {
		t.Errorf("the same role again: %+v, %v", done, err)
	}
	_, err := c.SetRole(t.Context(), "alice", "admin")
	refused(t, err, apperr.InvalidRequest)
}

func TestAChangeOfNobodyIsAnErrorThatSaysSo(t *testing.T) {
	w := newWorld(t)
	for name, change := range changes() {
		if _, err := change(t.Context(), account.NewChanger(w.store), "nobody"); !errors.Is(err, account.ErrNoAccount) {
			t.Errorf("%s: %v", name, err)
		}
		_, err := change(t.Context(), account.NewChanger(w.store), "no body")
		refused(t, err, apperr.InvalidRequest)
	}
}

func TestAChangeReadsAgainWhenASignInCameBetween(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	var late account.SignedIn
	w.store.Before("ChangeAccount", once(func() { late = w.signIn(t, p) }))
	done, err := account.NewChanger(w.store).Disable(t.Context(), "alice")
	if err != nil || done.Ended != 1 || w.live(t, late.AccessToken) {
		t.Errorf("%+v, %v; the session that came between lives: %v", done, err, w.live(t, late.AccessToken))
	}
	w.sameSessions(t, p, 0)
}

func TestAChangeThatCannotBeMadeSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, cause := range map[string]error{"endless conflicts": account.ErrConflict, "no answer": errDown} {
			w := newWorld(t)
			p := w.person(t, "alice")
			token := w.signIn(t, p).AccessToken
			w.store.Before("ChangeAccount", faults.Always(cause))
			_, err := account.NewChanger(w.store).Disable(t.Context(), "alice")
			refused(t, err, apperr.ServiceUnavailable)
			if !w.live(t, token) {
				t.Errorf("%s: and yet the session has ended", name)
			}
		}
	})
}

func TestUnthrottlingForgetsPasswordsAndCodes(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	much := account.Throttle{Failures: 20, BlockedUntil: noon.AddDate(0, 0, 1).UnixMilli(), ExpiresAt: noon.AddDate(0, 0, 1).Unix()}
	w.store.PutThrottle(account.NameSubject("alice"), much)
	w.store.PutThrottle(account.CodeSubject(p.userID), much)
	w.store.PutThrottle(account.NameSubject("nobody"), much)
	if found, err := account.Unthrottle(t.Context(), w.store, "Alice"); !found || err != nil {
		t.Fatalf("%v, %v", found, err)
	}
	w.signIn(t, p)
	if found, err := account.Unthrottle(t.Context(), w.store, "nobody"); found || err != nil {
		t.Errorf("nobody: %v, %v", found, err)
	}
	w.uncounted(t)
}
