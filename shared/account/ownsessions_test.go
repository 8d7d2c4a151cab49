package account_test

import (
	"testing"
	"testing/synctest"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func (w *world) list(t *testing.T, caller session.Identity) []account.Session {
	t.Helper()
	all, err := account.ListSessions(t.Context(), w.store, w.store, caller, w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAListHasTheSessionsThatGoOnAndNoOther(t *testing.T) {
	w := newWorld(t)
	p, other := w.person(t, "alice"), w.person(t, "bob")
	w.signIn(t, other)
	expires := w.signIn(t, p)
	w.clock.Advance(30 * time.Minute)
	gone := w.signIn(t, p)
	w.clock.Advance(30*time.Minute - time.Second)
	stays := w.signIn(t, p)
	if err := w.store.RemoveRecord(t.Context(), p.userID, gone.Identity.TokenID); err != nil { // as the authorizer ends a stolen one
		t.Fatal(err)
	}
	if all := w.list(t, stays.Identity); len(all) != 2 || all[0].TokenID != stays.Identity.TokenID || all[1].TokenID != expires.Identity.TokenID {
		t.Errorf("in its last second: %+v", all)
	}
	w.clock.Advance(time.Second)
	all := w.list(t, stays.Identity)
	if len(all) != 1 || all[0].SessionID != stays.Identity.SessionID || all[0].RenewedAt != all[0].CreatedAt ||
		all[0].ExpiresAt != all[0].CreatedAt+int64(session.MaxSessionLife/time.Second) {
		t.Errorf("when it has expired: %+v", all)
	}
}

func TestAListForWhoseAccountIsGoneSinceIsRefused(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	caller := w.signIn(t, p).Identity
	w.store.RemoveAccount("alice")
	w.person(t, "alice") // somebody else, with something of their own
	for name, call := range map[string]func() error{
		"list":        func() error { _, err := account.ListSessions(t.Context(), w.store, w.store, caller, noon); return err },
		"end":         func() error { return account.EndSession(t.Context(), w.store, w.store, caller, caller.SessionID) },
		"end others":  func() error { _, err := account.EndOtherSessions(t.Context(), w.store, caller); return err },
		"list tokens": func() error { _, err := account.ListAPITokens(t.Context(), w.store, caller, noon); return err },
		"revoke": func() error {
			return account.RevokeAPIToken(t.Context(), w.store, w.store, caller, caller.TokenID.String())
		},
		"make": func() error {
			_, _, err := w.maker().Make(t.Context(), caller, account.APITokenInput{Name: "x"})
			return err
		},
	} {
		if apperr.CodeOf(call()) != apperr.Unauthenticated {
			t.Errorf("%s: %v", name, call())
		}
	}
}

func TestOfTwoSessionsThatEndEachOtherOneGoesOn(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	one := w.signIn(t, p)
	w.clock.Advance(30 * time.Second)
	two := w.signIn(t, p)
	if n, err := account.EndOtherSessions(t.Context(), w.store, one.Identity); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	_, err := account.EndOtherSessions(t.Context(), w.store, two.Identity) // it was let in before it ended
	refused(t, err, apperr.Unauthenticated)
	if !w.live(t, one.AccessToken) || w.live(t, two.AccessToken) {
		t.Errorf("the first lives: %v, the second: %v", w.live(t, one.AccessToken), w.live(t, two.AccessToken))
	}
	w.sameSessions(t, p, 1)
}

func TestEndingOthersReadsAgainWhenASignInCameBetween(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	own := w.signIn(t, p)
	w.clock.Advance(30 * time.Second)
	var late account.SignedIn
	w.store.Before("ChangeAccount", once(func() { late = w.signIn(t, p) }))
	if n, err := account.EndOtherSessions(t.Context(), w.store, own.Identity); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if w.live(t, late.AccessToken) || !w.live(t, own.AccessToken) {
		t.Error("the session that came between lives, or the caller's does not")
	}
}

func TestWhatCannotBeDoneToSessionsAndAPITokensIsSaidAndNotClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.person(t, "alice")
		w.store.EditAccount("alice", func(a *account.Account) { a.Role = policy.Developer })
		own := w.signIn(t, p)
		for method, call := range map[string]func() error{
			"RecordsOf": func() error {
				_, err := account.ListSessions(t.Context(), w.store, w.store, own.Identity, noon)
				return err
			},
			"EndSession": func() error {
				return account.EndSession(t.Context(), w.store, w.store, own.Identity, own.Identity.SessionID)
			},
			"ChangeAccount": func() error { _, err := account.EndOtherSessions(t.Context(), w.store, own.Identity); return err },
			"AddAPIToken": func() error {
				_, _, err := w.maker().Make(t.Context(), own.Identity, account.APITokenInput{Name: "x"})
				return err
			},
			"Account": func() error { _, err := account.ListAPITokens(t.Context(), w.store, own.Identity, noon); return err },
		} {
			for _, cause := range []error{errDown, account.ErrConflict} {
				w.store.Before(method, faults.Always(cause))
				if err := call(); apperr.CodeOf(err) != apperr.ServiceUnavailable {
					t.Errorf("%s fails with %v: %v", method, cause, err)
				}
				w.store.Mend()
			}
		}
		if a := w.account(t, "alice"); !w.live(t, own.AccessToken) || len(a.APITokens) != 0 {
			t.Error("and yet something has changed")
		}
	})
}

func TestASessionIsEndedByItsIdAloneAndOnlyInOnesOwnAccount(t *testing.T) {
	w := newWorld(t)
	p, other := w.person(t, "alice"), w.person(t, "bob")
	own, foreign := w.signIn(t, p), w.signIn(t, other)
	for _, id := range []string{foreign.Identity.SessionID, own.Identity.TokenID.String(), token.NewID().String(), ""} {
		refused(t, account.EndSession(t.Context(), w.store, w.store, own.Identity, id), apperr.NotFound)
	}
	if !w.live(t, own.AccessToken) || !w.live(t, foreign.AccessToken) {
		t.Error("something has ended")
	}
}
