package accounttest

import (
	"reflect"
	"strings"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

func registrationParts() []part {
	return []part{
		{"an account is read as it was stored, under any name", testAccountRoundTrip},
		{"an account that is not there is no error", testAccountAbsent},
		{"what was stored or read of an account shares no memory with the store", testAccountCopies},
		{"an invitation is read as it was stored", testInvitationRoundTrip},
		{"an invitation that is not there is no error", testInvitationAbsent},
		{"a taken name is a conflict and leaves account and invitation alone", testNameTaken},
		{"creating an account uses its invitation up", testInvitationUsed},
		{"without its invitation no account is created", testInvitationGone},
		{"a pending account is replaced only as it was read", testReplace},
		{"of many registrations of a name at once one succeeds", testNameAtOnce},
		{"of many registrations with one invitation at once one succeeds", testInvitationAtOnce},
		{"of many replacements of an account at once one succeeds", testReplaceAtOnce},
		{"a registration whose context has ended fails and creates nothing", testRegistrationContext},
	}
}

func testAccountRoundTrip(t *testing.T, s Everything) {
	f := fixture{t, s}
	for _, name := range sessiontest.OddKeys() {
		f.wantAccount(f.create(newAccount(name)))
	}
	for _, status := range []account.Status{account.Pending, account.Active, account.Disabled} {
		bare := newAccount("bare " + string(status))
		bare.Status, bare.Sessions, bare.RecoveryCodes = status, nil, nil
		bare.LastTOTPStep, bare.SessionVersion, bare.Revision = 0, 0, 0
		bare.InvitationHash, bare.InvitationExpiresAt = "", 0
		f.wantAccount(f.create(bare))
	}
}

func testAccountAbsent(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.create(newAccount("ada"))
	for _, name := range append(impossible(), "Ada", "ad", "ada ", "adaa") {
		if a, found := f.account(name); found || !reflect.DeepEqual(a, account.Account{}) {
			t.Errorf("found an account under a name of %d bytes: %+v", len(name), a)
		}
	}
}

func testAccountCopies(t *testing.T, s Everything) {
	f := fixture{t, s}
	want := newAccount("ada")
	given := clone(want)
	f.create(given)
	spoil(given)
	read, _ := f.account("ada")
	spoil(read)
	f.wantAccount(want)
}

func spoil(a account.Account) {
	clear(a.Sessions)
	clear(a.RecoveryCodes)
	clear(a.SealedTOTPSecret)
	clear(a.EnrollingTOTPSecret)
	clear(a.APITokens)
}

func testInvitationRoundTrip(t *testing.T, s Everything) {
	for _, maker := range sessiontest.OddKeys() {
		want := newInvitation()
		want.MadeBy = maker
		if err := s.AddInvitation(t.Context(), want); err != nil {
			t.Fatalf("AddInvitation: %v", err)
		}
		got, found, err := s.Invitation(t.Context(), want.CodeHash)
		if err != nil || !found || got != want {
			t.Errorf("stored %+v, read %+v, %v, %v", want, got, found, err)
		}
	}
}

func testInvitationAbsent(t *testing.T, s Everything) {
	f := fixture{t, s}
	there := f.addInvitation()
	for _, hash := range append(impossible(), strings.ToUpper(there.CodeHash), there.CodeHash[1:], there.CodeHash+"0") {
		if f.hasInvitation(hash) && hash != there.CodeHash {
			t.Errorf("found an invitation under %q", hash)
		}
	}
}

func testNameTaken(t *testing.T, s Everything) {
	f := fixture{t, s}
	holder := f.create(newAccount("ada"))
	invitation := f.addInvitation()
	for _, uses := range []string{"", invitation.CodeHash} {
		f.wantConflict(s.CreateAccount(t.Context(), account.Creation{Account: newAccount("ada"), Uses: uses}))
	}
	f.wantAccount(holder)
	if !f.hasInvitation(invitation.CodeHash) {
		t.Error("the invitation is used up")
	}
}

func testInvitationUsed(t *testing.T, s Everything) {
	f := fixture{t, s}
	used, other := f.addInvitation(), f.addInvitation()
	a := newAccount("ada")
	if err := s.CreateAccount(t.Context(), account.Creation{Account: a, Uses: used.CodeHash}); err != nil {
		t.Fatalf("CreateAccount: %v", err)
	}
	f.wantAccount(a)
	if f.hasInvitation(used.CodeHash) || !f.hasInvitation(other.CodeHash) {
		t.Error("the used invitation is there, or another is gone")
	}
}

func testInvitationGone(t *testing.T, s Everything) {
	f := fixture{t, s}
	holder := newAccount("holder")
	holder.Status = account.Pending
	f.create(holder)
	gone := newInvitation().CodeHash
	f.wantConflict(s.CreateAccount(t.Context(), account.Creation{Account: newAccount("ada"), Uses: gone}))
	f.wantConflict(s.CreateAccount(t.Context(), account.Creation{Account: newAccount("holder"), Replaces: &holder, Uses: gone}))
	if _, found := f.account("ada"); found {
		t.Error("the account is there")
	}
	f.wantAccount(holder)
}

func testReplace(t *testing.T, s Everything) {
	f := fixture{t, s}
	pending := newAccount("ada")
	pending.Status = account.Pending
	f.create(pending)
	active := f.create(newAccount("eve"))
	invitation := f.addInvitation()

	otherUser, older, newer, absent := pending, pending, pending, newAccount("nobody")
	otherUser.UserID = token.NewID()
	older.Revision--
	newer.Revision++
	for name, replaced := range map[string]account.Account{
		"another user id": otherUser, "an older revision": older, "a newer revision": newer,
		"an active account": active, "no account": absent,
	} {
		replacement := newAccount(replaced.Username)
		err := s.CreateAccount(t.Context(), account.Creation{Account: replacement, Replaces: &replaced, Uses: invitation.CodeHash})
		if err == nil {
			t.Errorf("%s was replaced", name)
			continue
		}
		f.wantConflict(err)
	}
	f.wantAccount(pending)
	f.wantAccount(active)
	if _, found := f.account("nobody"); found || !f.hasInvitation(invitation.CodeHash) {
		t.Error("a refused replacement created an account or used the invitation up")
	}

	replacement := newAccount("ada")
	err := s.CreateAccount(t.Context(), account.Creation{Account: replacement, Replaces: &pending, Uses: invitation.CodeHash})
	if err != nil {
		t.Fatalf("CreateAccount: %v", err)
	}
	f.wantAccount(replacement)
	if f.hasInvitation(invitation.CodeHash) {
		t.Error("the invitation is still there")
	}
}

func testNameAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	accounts := make([]account.Account, parallel)
	for i := range accounts {
		accounts[i] = newAccount("ada")
	}
	winners := atOnce(t, parallel, func(i int) error {
		return s.CreateAccount(t.Context(), account.Creation{Account: accounts[i]})
	}, account.ErrConflict)
	if winners != 1 {
		t.Errorf("%d registrations succeeded", winners)
	}
	stored, _ := f.account("ada")
	for _, a := range accounts {
		if a.UserID == stored.UserID {
			f.wantAccount(a) // whole: no mixture of two
		}
	}
}

func testInvitationAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	invitation := f.addInvitation()
	names := make([]string, parallel)
	for i := range names {
		names[i] = token.NewID().String()
	}
	winners := atOnce(t, parallel, func(i int) error {
		return s.CreateAccount(t.Context(), account.Creation{Account: newAccount(names[i]), Uses: invitation.CodeHash})
	}, account.ErrConflict)
	there := 0
	for _, name := range names {
		if _, found := f.account(name); found {
			there++
		}
	}
	if winners != 1 || there != 1 || f.hasInvitation(invitation.CodeHash) {
		t.Errorf("%d registrations succeeded, %d accounts are there, the invitation is: %v", winners, there, f.hasInvitation(invitation.CodeHash))
	}
}

func testReplaceAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	pending := newAccount("ada")
	pending.Status = account.Pending
	f.create(pending)
	winners := atOnce(t, parallel, func(int) error {
		replacement := newAccount("ada")
		replacement.Status, replacement.Revision = account.Pending, pending.Revision
		return s.CreateAccount(t.Context(), account.Creation{Account: replacement, Replaces: &pending})
	}, account.ErrConflict)
	if winners != 1 {
		t.Errorf("%d replacements succeeded", winners)
	}
}

func testRegistrationContext(t *testing.T, s Everything) {
	f := fixture{t, s}
	ctx := ended(t)
	invitation := newInvitation()
	if _, found, err := s.Account(ctx, "ada"); err == nil || found {
		t.Errorf("Account: %v, %v", found, err)
	}
	if _, found, err := s.Invitation(ctx, invitation.CodeHash); err == nil || found {
		t.Errorf("Invitation: %v, %v", found, err)
	}
	if err := s.AddInvitation(ctx, invitation); err == nil || f.hasInvitation(invitation.CodeHash) {
		t.Errorf("AddInvitation: %v", err)
	}
	if err := s.CreateAccount(ctx, account.Creation{Account: newAccount("ada")}); err == nil {
		t.Error("CreateAccount succeeded")
	}
	if _, found := f.account("ada"); found {
		t.Error("the account is there")
	}
}
