package account_test

import (
	"errors"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

// lived returns an office with an ADMIN, and a person of whom there is something everywhere.
func lived() (o *office, ada, bob account.Actor) {
	o = newOffice()
	ada, bob = o.join("ada", policy.Admin), o.join("bob", policy.Developer)
	o.store.EditAccount("bob", func(a *account.Account) { a.Places = map[string]int64{"home": noon.Unix() + 60} })
	for _, of := range []account.Actor{ada, bob} {
		o.store.PutChallenge(account.Challenge{ID: token.NewID().String(), Username: of.Username, UserID: of.UserID})
		o.store.PutThrottle(account.NameSubject(of.Username), account.Throttle{Failures: 1})
		o.store.PutThrottle(account.CodeSubject(of.UserID), account.Throttle{Failures: 1})
	}
	o.store.PutThrottle(account.PlaceSubject("home"), account.Throttle{Failures: 1})
	o.store.PutInvitation(account.Invitation{CodeHash: "hash", MadeBy: bob.UserID.String(), ExpiresAt: noon.Unix() + 60})
	o.trail.left[bob.UserID] = 3
	return o, ada, bob
}

func TestNothingIsLeftOfWhoIsErasedButInvitationsThatNameAnID(t *testing.T) {
	o, ada, bob := lived()
	// An expired session has left the list, and its record is still there.
	o.store.EditAccount("bob", func(a *account.Account) { delete(a.Sessions, bob.TokenID) })
	if err := o.eraser.Erase(t.Context(), ada, bob.UserID); err != nil {
		t.Fatal(err)
	}
	all := o.store.Snapshot()
	if len(all.Accounts) != 1 || len(all.Challenges) != 1 || len(all.Throttles) != 2 || len(all.Invitations) != 1 || o.tokens(bob) != 0 || o.tokens(ada) != 2 {
		t.Errorf("left are %+v", all)
	}
	if o.trail.left[bob.UserID] != 0 {
		t.Errorf("%d steps of forgetting are left", o.trail.left[bob.UserID])
	}
	if err := o.eraser.Erase(t.Context(), ada, bob.UserID); apperr.CodeOf(err) != apperr.NotFound {
		t.Errorf("erased twice: %v", err)
	}
}

func TestAnErasureThatWasCutShortIsFinishedByTheNext(t *testing.T) {
	cuts := map[string]func(o *office, down error){"the trail": func(o *office, down error) { o.trail.err = down }}
	for _, method := range []string{"DeleteChallenges", "DeleteTokens", "ChangeAccount"} {
		cuts[method] = func(o *office, down error) {
			if o.store.Mend(); down == nil {
				return
			}
			o.store.Before(method, faults.Nth(map[string]int{"DeleteChallenges": 1, "DeleteTokens": 1, "ChangeAccount": 2}[method], down))
		}
	}
	for name, cut := range cuts {
		o, ada, bob := lived()
		cut(o, errDown)
		err := o.eraser.Erase(t.Context(), ada, bob.UserID)
		if found := refused(t, err, apperr.ServiceUnavailable); !errors.Is(err, errDown) || found.UserID != bob.UserID.String() {
			t.Errorf("%s: %+v", name, found)
		}
		if got := o.account("bob"); got.Status != account.Disabled || o.tokens(bob) != 0 {
			t.Errorf("%s: cut short, the account is %s and has %d tokens", name, got.Status, o.tokens(bob))
		}
		cut(o, nil)
		if err := o.eraser.Erase(t.Context(), ada, bob.UserID); err != nil {
			t.Errorf("%s: again: %v", name, err)
		}
		if all := o.store.Snapshot(); len(all.Accounts) != 1 || len(all.Challenges) != 1 || len(all.Throttles) != 2 || o.trail.left[bob.UserID] != 0 {
			t.Errorf("%s: left are %+v", name, all)
		}
	}
}
