package account_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/policy"
)

// pending makes an account of the name alice that was just registered, with an invitation for ADMIN or without, and returns the invitation.
func (w *world) pending(t testing.TB, byInvitation bool) (person, string) {
	t.Helper()
	p := w.person(t, "alice")
	var code string
	var invitation account.Invitation
	if byInvitation {
		w.invite(t, policy.Developer) // another one, which stays
		used := account.NewInviter(accounttest.NewStore(), w.clock.Now)
		made, i, err := used.Invite(t.Context(), "operator", "ADMIN", nil)
		if err != nil {
			t.Fatal(err)
		}
		code, invitation = made.Reveal(), i
	}
	w.store.EditAccount("alice", func(a *account.Account) {
		a.Status, a.CreatedAt = account.Pending, w.clock.Now().Unix()
		a.InvitationHash, a.InvitationExpiresAt = invitation.CodeHash, invitation.ExpiresAt
		if byInvitation {
			a.Role = policy.Admin
		}
	})
	return p, code
}

func TestANameIsReservedFor15MinutesUnlessItsOwnerSignsIn(t *testing.T) {
	for _, tc := range []struct {
		name   string
		status account.Status
		age    time.Duration
		ok     bool
	}{
		{"pending, a second before", account.Pending, 15*time.Minute - time.Second, false},
		{"pending, a moment before", account.Pending, 15*time.Minute - time.Nanosecond, false},
		{"pending, at 15 minutes", account.Pending, 15 * time.Minute, true},
		{"active, for ever", account.Active, 10 * 365 * 24 * time.Hour, false},
		{"disabled, for ever", account.Disabled, 10 * 365 * 24 * time.Hour, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			w.pending(t, false)
			w.store.EditAccount("alice", func(a *account.Account) { a.Status = tc.status })
			before := w.stored()
			w.clock.Advance(tc.age)
			_, err := w.registrar.Register(t.Context(), input("ALICE"))
			if tc.ok {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			refused(t, err, apperr.UsernameTaken)
			if !reflect.DeepEqual(w.stored(), before) {
				t.Error("something has changed")
			}
		})
	}
}

func TestAReplacementSharesNothingWithWhatItReplaces(t *testing.T) {
	w := newWorld(t)
	old, _ := w.pending(t, true)
	before := w.account(t, "alice")
	challenge := w.challenge(old)
	w.clock.Advance(15 * time.Minute)
	answer := w.register(t, input("alice"))
	p, a := registered(t, answer), w.account(t, "alice")
	if a.UserID == before.UserID || a.UserID != answer.UserID || a.Role != policy.Consumer || a.PasswordHash == before.PasswordHash ||
		a.CreatedAt != w.clock.Now().Unix() || a.InvitationHash != "" || a.InvitationExpiresAt != 0 ||
		slices.Equal(p.key.Bytes(), old.key.Bytes()) {
		t.Errorf("it is %+v after %+v", a, before)
	}
	for _, code := range a.RecoveryCodes {
		if slices.Contains(before.RecoveryCodes, code) {
			t.Error("a recovery code stays")
		}
	}
	// What the old one's owner still has finishes on nobody.
	challenge.ExpiresAt = w.clock.Now().Add(time.Minute).Unix()
	w.store.PutChallenge(challenge)
	for _, key := range []otp.Secret{old.key, p.key} {
		_, err := w.finisher.Finish(t.Context(), answering(challenge.ID, key.CodeAt(otp.StepAt(w.clock.Now()))))
		refused(t, err, apperr.Unauthenticated)
	}
}

func TestAnInvitationMayReplaceThePendingAccountThatItMade(t *testing.T) {
	const life = account.DefaultInvitationLife
	for _, tc := range []struct {
		name   string
		arrive time.Duration
		change func(in *account.RegisterInput, a *account.Account)
		want   apperr.Code // empty: it may
	}{
		{"at once", 0, nil, ""},
		{"at once, in another spelling", 0, func(in *account.RegisterInput, _ *account.Account) { in.Username = "ALICE" }, ""},
		{"in its last second", life - time.Second, nil, ""},
		{"but not once it has expired", life, nil, apperr.Forbidden},
		{"but not once the account is active", 0, func(_ *account.RegisterInput, a *account.Account) {
			a.Status = account.Active
		}, apperr.Forbidden},
		{"but not once the account is disabled", 0, func(_ *account.RegisterInput, a *account.Account) {
			a.Status = account.Disabled
		}, apperr.Forbidden},
		{"but not for another role", 0, func(in *account.RegisterInput, _ *account.Account) {
			in.Role = ptr("DEVELOPER")
		}, apperr.Forbidden},
		{"but not for a free role", 0, func(in *account.RegisterInput, _ *account.Account) {
			in.Role = nil
		}, apperr.Forbidden},
		{"but not another name", 0, func(in *account.RegisterInput, _ *account.Account) {
			in.Username = "bob"
		}, apperr.Forbidden},
		{"but not without it", 0, func(in *account.RegisterInput, _ *account.Account) {
			in.Role, in.Invitation = nil, nil
		}, apperr.UsernameTaken},
		{"but not another one's account", 0, func(_ *account.RegisterInput, a *account.Account) {
			a.InvitationHash = "of another invitation"
		}, apperr.Forbidden},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			_, code := w.pending(t, true)
			in := invited("alice", "ADMIN", code)
			w.store.EditAccount("alice", func(a *account.Account) {
				if tc.change != nil {
					tc.change(&in, a)
				}
			})
			w.clock.Advance(tc.arrive)
			before := w.stored()
			answer, err := w.registrar.Register(t.Context(), in)
			if tc.want != "" {
				refused(t, err, tc.want)
				if !reflect.DeepEqual(w.stored(), before) {
					t.Error("something has changed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			was, a := before.Accounts["alice"], w.account(t, "alice")
			if a.UserID == was.UserID || a.UserID != answer.UserID || a.Role != policy.Admin || a.Status != account.Pending ||
				a.InvitationHash != was.InvitationHash || a.InvitationExpiresAt != was.InvitationExpiresAt {
				t.Errorf("it is %+v after %+v", a, was)
			}
			if n := len(w.store.Snapshot().Invitations); n != 1 {
				t.Errorf("%d invitations are left", n)
			}
		})
	}
}

// Another valid invitation gives no claim to a name that is somebody's for 15 minutes, and is not used up by asking.
func TestAnotherInvitationDoesNotReplaceAPendingAccountEarly(t *testing.T) {
	w := newWorld(t)
	w.pending(t, true)
	other := w.invite(t, policy.Admin)
	before := w.stored()
	w.clock.Advance(15*time.Minute - time.Second)
	_, err := w.registrar.Register(t.Context(), invited("alice", "ADMIN", other))
	refused(t, err, apperr.UsernameTaken)
	if !reflect.DeepEqual(w.stored(), before) {
		t.Error("something has changed")
	}
	w.clock.Advance(time.Second)
	w.register(t, invited("alice", "ADMIN", other))
	if n := len(w.store.Snapshot().Invitations); n != 1 { // the one for DEVELOPER
		t.Errorf("%d invitations are left", n)
	}
}
