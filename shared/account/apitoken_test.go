package account_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func (w *world) maker() *account.APITokenMaker {
	return &account.APITokenMaker{Store: w.store, Issuer: w.finisher.Issuer, Now: w.clock.Now}
}

// developer returns the session of a DEVELOPER called alice.
func (w *world) developer(t *testing.T) (person, account.SignedIn) {
	t.Helper()
	p := w.person(t, "alice")
	w.store.EditAccount("alice", func(a *account.Account) { a.Role = policy.Developer })
	return p, w.signIn(t, p)
}

func TestAnAPITokenLivesAsLongAsItWasMadeForAndOutlivesItsSession(t *testing.T) {
	w := newWorld(t)
	_, own := w.developer(t)
	life := int64(90 * 24 * 60 * 60)
	minted, made, err := w.maker().Make(t.Context(), own.Identity, account.APITokenInput{Name: "x", ExpiresIn: &life})
	if err != nil || made.ExpiresAt != noon.Unix()+life || !strings.HasPrefix(minted.Reveal(), "spk_") {
		t.Fatalf("%+v, %v", made, err)
	}
	if err := w.revoker.Revoke(t.Context(), own.Identity); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(90*24*time.Hour - time.Second)
	if !w.live(t, minted) {
		t.Error("it is dead in its last second")
	}
	w.clock.Advance(time.Second)
	if w.live(t, minted) {
		t.Error("it outlives its time")
	}
}

func TestAnAPITokenIsNotMadeBehindTheEndOfItsSession(t *testing.T) {
	for name, end := range map[string]func(*world, person, session.Identity) error{
		"logout": func(w *world, _ person, by session.Identity) error { return w.revoker.Revoke(t.Context(), by) },
		"stolen": func(w *world, _ person, by session.Identity) error {
			return w.store.RemoveRecord(t.Context(), by.UserID, by.TokenID)
		},
		"all": func(w *world, p person, _ session.Identity) error {
			_, err := account.NewChanger(w.store).EndSessions(t.Context(), p.username)
			return err
		},
		"disabled": func(w *world, p person, _ session.Identity) error {
			_, err := account.NewChanger(w.store).Disable(t.Context(), p.username)
			return err
		},
		"other role": func(w *world, p person, _ session.Identity) error {
			_, err := account.NewChanger(w.store).SetRole(t.Context(), p.username, "ADMIN")
			return err
		},
		"removed": func(w *world, p person, _ session.Identity) error {
			_, err := account.NewChanger(w.store).Remove(t.Context(), p.username)
			return err
		},
	} {
		for _, when := range []string{"before it is made", "between reading and writing"} {
			w := newWorld(t)
			p, own := w.developer(t)
			act := func() {
				if err := end(w, p, own.Identity); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if when == "before it is made" {
				act()
			} else {
				w.store.Before("AddAPIToken", once(act))
			}
			_, _, err := w.maker().Make(t.Context(), own.Identity, account.APITokenInput{Name: "x"})
			if apperr.CodeOf(err) != apperr.Unauthenticated {
				t.Errorf("%s, %s: %v", name, when, err)
			}
			for key, record := range w.store.Snapshot().Records {
				if record.Kind == token.API {
					t.Errorf("%s, %s: there is the record %v", name, when, key)
				}
			}
		}
	}
}

func TestExpiredAPITokensMakeRoomAndAreNotListed(t *testing.T) {
	w := newWorld(t)
	_, own := w.developer(t)
	life := int64(60)
	for i := range account.MaxAPITokens {
		if _, _, err := w.maker().Make(t.Context(), own.Identity, account.APITokenInput{Name: fmt.Sprint(i), ExpiresIn: &life}); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := w.maker().Make(t.Context(), own.Identity, account.APITokenInput{Name: "one more"})
	refused(t, err, apperr.LimitReached)
	w.clock.Advance(time.Minute)
	if all, err := account.ListAPITokens(t.Context(), w.store, own.Identity, w.clock.Now()); err != nil || len(all) != 0 {
		t.Errorf("%d are listed, %v", len(all), err)
	}
	if _, _, err := w.maker().Make(t.Context(), own.Identity, account.APITokenInput{Name: "one more"}); err != nil {
		t.Error(err)
	}
	if n := len(w.account(t, "alice").APITokens); n != 1 {
		t.Errorf("%d are noted", n)
	}
}

func TestAnAPITokenMakesNoOtherEvenIfARouteLetItIn(t *testing.T) {
	w := newWorld(t)
	_, own := w.developer(t)
	_, made, err := w.maker().Make(t.Context(), own.Identity, account.APITokenInput{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	by := own.Identity
	by.Kind, by.TokenID = token.API, made.TokenID
	_, _, err = w.maker().Make(t.Context(), by, account.APITokenInput{Name: "y"})
	refused(t, err, apperr.Forbidden)
	by.Kind = token.Access // its id is no session's
	_, _, err = w.maker().Make(t.Context(), by, account.APITokenInput{Name: "y"})
	refused(t, err, apperr.Unauthenticated)
}

func TestEndingOtherSessionsLeavesAPITokens(t *testing.T) {
	w := newWorld(t)
	_, own := w.developer(t)
	minted, made, err := w.maker().Make(t.Context(), own.Identity, account.APITokenInput{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := account.EndOtherSessions(t.Context(), w.store, own.Identity); err != nil || !w.live(t, minted) {
		t.Errorf("%v; it lives: %v", err, w.live(t, minted))
	}
	if err := account.RevokeAPIToken(t.Context(), w.store, w.store, own.Identity, made.TokenID.String()); err != nil || w.live(t, minted) {
		t.Errorf("%v; revoked, it lives: %v", err, w.live(t, minted))
	}
}
