package accounttest

import (
	"errors"
	"fmt"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func actorParts() []part {
	return []part{
		{"an ADMIN who is signed in changes another account", testActorChanges},
		{"nobody changes an account in a session that has ended", testActorSessionEnded},
		{"nobody changes an account who is no active ADMIN any more", testActorNotAdmin},
		{"an ADMIN ends all own sessions, the one in which that is asked among them", testActorOneself},
		{"a change forgets the failures that it names, and no others", testChangeForgets},
		{"of ADMINs who remove, demote and disable each other at once one is left", testActorsAtOnce},
	}
}

// admin creates an active ADMIN and returns it as the actor of a session that has just begun.
func (f fixture) admin(username string) account.Actor {
	f.Helper()
	a := newAccount(username)
	a.Sessions = nil
	f.create(a)
	return account.ActorOf(f.begin(username))
}

// by returns the change that ends all that the account has, with what edit makes of it, on behalf of the actor.
func (f fixture) by(actor account.Actor, username string, edit func(*account.Account)) account.Change {
	f.Helper()
	before, _ := f.account(username)
	after := clone(before)
	after.Sessions, after.APITokens = map[token.ID]account.SessionEntry{}, map[token.ID]account.APITokenEntry{}
	after.SessionVersion++
	after.Revision++
	edit(&after)
	return account.Change{Before: &before, After: &after, Ended: before.Tokens(), By: &actor}
}

func disable(a *account.Account) { a.Status = account.Disabled }
func demote(a *account.Account)  { a.Role = policy.Consumer }

func testActorChanges(t *testing.T, s Everything) {
	f := fixture{t, s}
	actor := f.admin("ada")
	f.create(newAccount("bob"))
	theirs := f.begin("bob")
	c := f.by(actor, "bob", disable)
	f.change(c)
	f.wantAccount(*c.After)
	if f.hasRecord(theirs.UserID, theirs.TokenID) || !f.hasRecord(actor.UserID, actor.TokenID) {
		t.Error("not the other's session has ended, and that alone")
	}
}

func testActorSessionEnded(t *testing.T, s Everything) {
	f := fixture{t, s}
	actor := f.admin("ada")
	bob := f.create(newAccount("bob"))
	elsewhere := actor
	elsewhere.TokenID = f.begin("ada").TokenID
	f.end(session.Identity{UserID: actor.UserID, TokenID: actor.TokenID, Username: "ada"})
	for name, edit := range map[string]func(*account.Change){
		"a change":  func(*account.Change) {},
		"a removal": func(c *account.Change) { c.After = nil },
		"a change of what is not as read": func(c *account.Change) {
			c.Before.Revision--
		},
	} {
		c := f.by(actor, "bob", disable)
		edit(&c)
		if err := s.ChangeAccount(t.Context(), c); !errors.Is(err, account.ErrSessionEnded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.wantAccount(bob)
	own := f.by(actor, "ada", func(*account.Account) {})
	if err := s.ChangeAccount(t.Context(), own); !errors.Is(err, account.ErrSessionEnded) {
		t.Errorf("of oneself: %v", err)
	}
	f.change(f.by(elsewhere, "bob", disable))
}

func testActorNotAdmin(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("bob"))
	for i, lose := range []func(*account.Account){
		demote, disable, func(a *account.Account) { a.Status = account.Pending }, func(a *account.Account) { a.UserID = token.NewID() },
	} {
		name := fmt.Sprintf("ada.%d", i)
		actor := f.admin(name)
		before, _ := f.account(name)
		after := clone(before)
		lose(&after)
		after.Revision++
		// Its session's record is left, as it never is: either condition holds by itself.
		f.change(account.Change{Before: &before, After: &after})
		if err := s.ChangeAccount(t.Context(), f.by(actor, "bob", disable)); !errors.Is(err, account.ErrNotAdmin) {
			t.Errorf("case %d: %v", i, err)
		}
		if i < 3 {
			if err := s.ChangeAccount(t.Context(), f.by(actor, name, func(*account.Account) {})); !errors.Is(err, account.ErrNotAdmin) {
				t.Errorf("case %d, of oneself: %v", i, err)
			}
		}
		after, _ = f.account(name)
		f.change(account.Change{Before: &after}) // and gone altogether
		if err := s.ChangeAccount(t.Context(), f.by(actor, "bob", disable)); !errors.Is(err, account.ErrNotAdmin) {
			t.Errorf("case %d, removed: %v", i, err)
		}
	}
	if bob, _ := f.account("bob"); bob.Status != account.Active {
		t.Errorf("the account is %s", bob.Status)
	}
}

func testActorOneself(t *testing.T, s Everything) {
	f := fixture{t, s}
	actor := f.admin("ada")
	other := f.begin("ada")
	c := f.by(actor, "ada", func(*account.Account) {})
	f.change(c)
	f.wantAccount(*c.After)
	if f.hasRecord(actor.UserID, actor.TokenID) || f.hasRecord(other.UserID, other.TokenID) {
		t.Error("a session goes on")
	}
	if err := s.ChangeAccount(t.Context(), f.by(actor, "ada", func(*account.Account) {})); !errors.Is(err, account.ErrSessionEnded) {
		t.Errorf("once more: %v", err)
	}
}

func testChangeForgets(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("bob"))
	some := account.Throttle{Failures: 3, BlockedUntil: 5, ExpiresAt: now}
	for _, subject := range []string{"one", "two", "three"} {
		if err := s.SetThrottle(t.Context(), subject, account.Throttle{}, some); err != nil {
			t.Fatal(err)
		}
	}
	before, _ := f.account("bob")
	c := over(before)
	c.Forgets = []string{"one", "two", "one", "of nobody"}
	f.change(c)
	for subject, want := range map[string]account.Throttle{"one": {}, "two": {}, "three": some} {
		if got := f.throttle(subject); got != want {
			t.Errorf("%s: %+v", subject, got)
		}
	}
}

// rounds is how often ADMINs turn on each other. Each round has another mix of what they do.
const rounds = 12

func testActorsAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	deeds := []func(*account.Change){
		func(c *account.Change) { demote(c.After) },
		func(c *account.Change) { disable(c.After) },
		func(c *account.Change) { c.After = nil },
	}
	for round := range rounds {
		const admins = 3
		actors := make([]account.Actor, admins)
		for i := range actors {
			actors[i] = f.admin(fmt.Sprintf("ada.%d.%d", round, i))
		}
		// Each of them goes for both others, as fast as everybody.
		atOnce(t, admins*(admins-1), func(i int) error {
			actor, victim := actors[i%admins], actors[(i+1+i/admins)%admins]
			for {
				before, found, err := s.Account(t.Context(), victim.Username)
				if err != nil || !found {
					return err
				}
				after := clone(before)
				after.Sessions, after.APITokens = nil, nil
				after.Revision++
				c := account.Change{Before: &before, After: &after, Ended: before.Tokens(), By: &actor}
				deeds[(round+i)%len(deeds)](&c)
				if err := s.ChangeAccount(t.Context(), c); !errors.Is(err, account.ErrConflict) {
					return err
				}
			}
		}, account.ErrSessionEnded, account.ErrNotAdmin)
		left := 0
		for _, actor := range actors {
			a, found := f.account(actor.Username)
			if live := f.hasRecord(actor.UserID, actor.TokenID); found && a.IsActiveAdmin() {
				left++
				if !live {
					t.Errorf("round %d: one who is left has lost the session", round)
				}
			} else if live {
				t.Errorf("round %d: one who has fallen is still signed in", round)
			}
		}
		if left != 1 {
			t.Errorf("round %d: %d active ADMINs are left", round, left)
		}
	}
}
