package account_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

// office is a store with accounts that are signed in, without the cost of signing them in.
type office struct {
	store         *accounttest.Store
	administrator *account.Administrator
	resetter      *account.Resetter
	eraser        *account.Eraser
	trail         *trail
	secrets       *sealer
	clock         *clock
}

// trail is an account.Forgetter that needs a few calls.
type trail struct {
	mu   sync.Mutex
	left map[token.ID]int
	err  error
}

func (l *trail) Forget(_ context.Context, accountID string) (bool, error) {
	id, _ := token.ParseID(accountID)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return false, l.err
	}
	l.left[id] = max(0, l.left[id]-1)
	return l.left[id] == 0, nil
}

func newOffice() *office {
	o := &office{store: accounttest.NewStore(), trail: &trail{left: map[token.ID]int{}}, secrets: newSealer(), clock: &clock{now: noon}}
	o.administrator = account.NewAdministrator(o.store)
	o.resetter = &account.Resetter{Store: o.store, Sealer: o.secrets, Now: o.clock.Now}
	o.eraser = &account.Eraser{Store: o.store, Trail: o.trail}
	return o
}

// join adds an active account with one session and one API token, and returns it as an actor in that session.
func (o *office) join(name string, role policy.Role) account.Actor {
	record := sessiontest.NewRecord()
	record.UserID, record.Username, record.Role = token.NewID(), name, role
	apiToken := record
	apiToken.Kind, apiToken.TokenID = token.API, token.NewID()
	o.store.Add(record)
	o.store.Add(apiToken)
	o.store.PutAccount(account.Account{
		Username: name, UserID: record.UserID, Role: role, Status: account.Active, LastTOTPStep: 1, SealedTOTPSecret: []byte("sealed"),
		RecoveryCodes: []string{"one", "two"}, CreatedAt: 17,
		Sessions:  map[token.ID]account.SessionEntry{record.TokenID: {SessionID: record.SessionID}},
		APITokens: map[token.ID]account.APITokenEntry{apiToken.TokenID: {Name: "nightly"}},
	})
	return account.ActorOf(record.Identity())
}

func (o *office) account(name string) account.Account { return o.store.Snapshot().Accounts[name] }

// tokens returns how many token records a user has.
func (o *office) tokens(of account.Actor) (n int) {
	for key := range o.store.Snapshot().Records {
		if key.UserID == of.UserID {
			n++
		}
	}
	return n
}

func (o *office) edit(t *testing.T, by, of account.Actor, role, status string) (account.Changed, error) {
	t.Helper()
	edit := account.Edit{}
	if role != "" {
		edit.Role = &role
	}
	if status != "" {
		edit.Status = &status
	}
	return o.administrator.Edit(t.Context(), by, of.UserID, edit)
}

// deeds are all that an ADMIN does to an account.
func (o *office) deeds() map[string]func(context.Context, account.Actor, token.ID) error {
	edited := func(edit account.Edit) func(context.Context, account.Actor, token.ID) error {
		return func(ctx context.Context, by account.Actor, of token.ID) error {
			_, err := o.administrator.Edit(ctx, by, of, edit)
			return err
		}
	}
	role, status := "CONSUMER", "disabled"
	return map[string]func(context.Context, account.Actor, token.ID) error{
		"demote":  edited(account.Edit{Role: &role}),
		"disable": edited(account.Edit{Status: &status}),
		"end sessions": func(ctx context.Context, by account.Actor, of token.ID) error {
			_, err := o.administrator.EndSessions(ctx, by, of)
			return err
		},
		"reset": func(ctx context.Context, by account.Actor, of token.ID) error {
			_, err := o.resetter.ResetSecondFactor(ctx, by, of)
			return err
		},
		"erase": func(ctx context.Context, by account.Actor, of token.ID) error { return o.eraser.Erase(ctx, by, of) },
	}
}

func TestRoleAndStatusChangeInOneStepAndEndAllThatTheAccountHas(t *testing.T) {
	o := newOffice()
	ada, bob := o.join("ada", policy.Admin), o.join("bob", policy.Developer)
	done, err := o.edit(t, ada, bob, "CONSUMER", "disabled")
	if now := o.account("bob"); err != nil || done.Ended != 2 || now.Role != policy.Consumer || now.Status != account.Disabled ||
		now.SessionVersion != 1 || now.Revision != 1 || o.tokens(bob) != 0 || o.tokens(ada) != 2 {
		t.Errorf("%+v, %v; stored %+v", done, err, now)
	}
	if done, err := o.edit(t, ada, bob, "ADMIN", "active"); err != nil || done.Account.Role != policy.Admin || done.Account.Status != account.Active {
		t.Errorf("and back: %+v, %v", done, err)
	}
}

func TestAChangeThatChangesNothingEndsNothing(t *testing.T) {
	o := newOffice()
	ada, bob := o.join("ada", policy.Admin), o.join("bob", policy.Developer)
	for _, edit := range [][2]string{{"DEVELOPER", ""}, {"", "active"}, {"DEVELOPER", "active"}} {
		if done, err := o.edit(t, ada, bob, edit[0], edit[1]); err != nil || !done.Already || o.tokens(bob) != 2 || o.account("bob").Revision != 0 {
			t.Errorf("%v: %+v, %v", edit, done, err)
		}
	}
	o.store.EditAccount("bob", func(a *account.Account) {
		a.Status, a.LastTOTPStep, a.RecoveryCodes = account.Pending, 0, make([]string, 10)
	})
	if done, err := o.edit(t, ada, bob, "", "active"); err != nil || !done.Already || done.Account.Status != account.Pending {
		t.Errorf("pending: %+v, %v", done, err)
	}
	for _, status := range []string{"disabled", "active"} {
		if _, err := o.edit(t, ada, bob, "", status); err != nil {
			t.Error(err)
		}
	}
	if got := o.account("bob").Status; got != account.Pending {
		t.Errorf("disabled and enabled, an account that never signed in is %s", got)
	}
}

func TestAnEditThatSaysNothingOrNonsenseIsRefused(t *testing.T) {
	o := newOffice()
	ada, bob := o.join("ada", policy.Admin), o.join("bob", policy.Developer)
	for _, edit := range [][2]string{{"", ""}, {"admin", ""}, {"ROOT", ""}, {"", "pending"}, {"", "Active"}, {"ADMIN", "removed"}} {
		_, err := o.edit(t, ada, bob, edit[0], edit[1])
		refused(t, err, apperr.InvalidRequest)
	}
	if got := o.account("bob"); got.Revision != 0 || got.Role != policy.Developer {
		t.Errorf("changed to %+v", got)
	}
}

func TestNobodyTakesOnesOwnAdministrationAway(t *testing.T) {
	o := newOffice()
	ada := o.join("ada", policy.Admin)
	for name, deed := range o.deeds() {
		if name == "end sessions" {
			continue
		}
		found := refused(t, deed(t.Context(), ada, ada.UserID), apperr.Forbidden)
		if found.UserID != ada.UserID.String() || found.Detail != "Another ADMIN must do this to your account." {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if got := o.account("ada"); got.Revision != 0 || o.tokens(ada) != 2 {
		t.Errorf("changed to %+v", got)
	}
	if _, err := o.administrator.EndSessions(t.Context(), ada, ada.UserID); err != nil || o.tokens(ada) != 0 || !o.account("ada").IsActiveAdmin() {
		t.Errorf("ending all own sessions: %v, %d are left", err, o.tokens(ada))
	}
}

func TestWhoIsNoAdminAnyMoreChangesNothing(t *testing.T) {
	for lost, test := range map[string]struct {
		lose func(o *office, ada account.Actor)
		code apperr.Code
	}{
		"the session": {func(o *office, ada account.Actor) {
			if err := o.store.EndSession(t.Context(), session.Identity{UserID: ada.UserID, TokenID: ada.TokenID, Username: "ada"}); err != nil {
				t.Fatal(err)
			}
		}, apperr.Unauthenticated},
		"the role": {func(o *office, _ account.Actor) {
			o.store.EditAccount("ada", func(a *account.Account) { a.Role = policy.Developer })
		}, apperr.Forbidden},
		"the account": {func(o *office, _ account.Actor) { o.store.RemoveAccount("ada") }, apperr.Forbidden},
	} {
		o := newOffice()
		ada, bob := o.join("ada", policy.Admin), o.join("bob", policy.Developer)
		test.lose(o, ada)
		for name, deed := range o.deeds() {
			writes := o.store.Calls("ChangeAccount")
			found := refused(t, deed(t.Context(), ada, bob.UserID), test.code)
			if found.UserID != bob.UserID.String() || o.store.Calls("ChangeAccount") != writes+1 {
				t.Errorf("without %s, %s: %+v, tried %d times", lost, name, found, o.store.Calls("ChangeAccount")-writes)
			}
		}
		if got := o.account("bob"); got.Revision != 0 || o.tokens(bob) != 2 {
			t.Errorf("without %s: changed to %+v", lost, got)
		}
	}
}

func TestAnAccountThatIsNotThereIsNotFound(t *testing.T) {
	o := newOffice()
	ada, bob := o.join("ada", policy.Admin), o.join("bob", policy.Developer)
	o.store.RemoveAccount("bob")
	again := o.join("bob", policy.Developer) // another, of the same name
	for name, deed := range o.deeds() {
		for what, id := range map[string]token.ID{"never was": token.NewID(), "is gone": bob.UserID} {
			if err := deed(t.Context(), ada, id); apperr.CodeOf(err) != apperr.NotFound {
				t.Errorf("%s of an account that %s: %v", name, what, err)
			}
		}
	}
	if o.tokens(again) != 2 || o.account("bob").Revision != 0 {
		t.Error("the account that has the name now was changed")
	}
}

func TestWhatCannotBeReadOrWrittenIsNotClaimed(t *testing.T) {
	for _, method := range []string{"Username", "Account", "ChangeAccount"} {
		o := newOffice()
		ada, bob := o.join("ada", policy.Admin), o.join("bob", policy.Developer)
		o.store.Before(method, faults.Always(errDown))
		for name, deed := range o.deeds() {
			if err := deed(t.Context(), ada, bob.UserID); apperr.CodeOf(err) != apperr.ServiceUnavailable || !errors.Is(err, errDown) {
				t.Errorf("%s fails, %s: %v", method, name, err)
			}
		}
		if got := o.account("bob"); got.Revision != 0 || o.tokens(bob) != 2 {
			t.Errorf("%s fails: changed to %+v", method, got)
		}
	}
}

func TestAChangeThatMeetsAnotherIsDecidedAnew(t *testing.T) {
	for name := range newOffice().deeds() {
		o := newOffice()
		ada, bob := o.join("ada", policy.Admin), o.join("bob", policy.Developer)
		o.store.Before("ChangeAccount", func(_ context.Context, nth int) error {
			if nth == 1 {
				o.store.EditAccount("bob", func(a *account.Account) { a.CreatedAt = 18 })
			}
			return nil
		})
		if err := o.deeds()[name](t.Context(), ada, bob.UserID); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := o.account("bob"); got.CreatedAt != 18 && name != "erase" || o.tokens(bob) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAResetLeavesNothingToSignInWithButTheEnrolment(t *testing.T) {
	o := newOffice()
	ada, bob := o.join("ada", policy.Admin), o.join("bob", policy.Developer)
	o.store.EditAccount("bob", func(a *account.Account) { a.EnrollingTOTPSecret, a.EnrollingExpiresAt = []byte("x"), 1 })
	o.store.PutThrottle(account.CodeSubject(bob.UserID), account.Throttle{Failures: 9, ExpiresAt: noon.Unix() + 60})
	first, err := o.resetter.ResetSecondFactor(t.Context(), ada, bob.UserID)
	if err != nil {
		t.Fatal(err)
	}
	got := o.account("bob")
	if len(got.RecoveryCodes) != 0 || bytes.Equal(got.SealedTOTPSecret, []byte("sealed")) || len(got.EnrollingTOTPSecret) != 0 ||
		got.EnrolmentHash != account.EnrolmentHash(first.Enrolment.Reveal()) || got.EnrolmentExpiresAt != noon.Unix()+86_400 ||
		first.ExpiresAt != got.EnrolmentExpiresAt || first.Ended != 2 || o.tokens(bob) != 0 || got.SessionVersion != 1 || got.Status != account.Active {
		t.Errorf("%+v", got)
	}
	if secret, err := o.secrets.OpenSecret(t.Context(), bob.UserID, got.SealedTOTPSecret); err != nil || len(secret) != 20 {
		t.Errorf("the secret that nobody has seen: %d bytes, %v", len(secret), err)
	}
	if len(o.store.Snapshot().Throttles) != 0 {
		t.Error("failed codes of before still count")
	}
	second, err := o.resetter.ResetSecondFactor(t.Context(), ada, bob.UserID)
	if err != nil || second.Enrolment.Reveal() == first.Enrolment.Reveal() || o.account("bob").EnrolmentHash == got.EnrolmentHash {
		t.Errorf("the first code is good after the second: %v", err)
	}
}

func TestThereIsNoSecondFactorToResetBeforeTheFirstSignIn(t *testing.T) {
	o := newOffice()
	ada, bob := o.join("ada", policy.Admin), o.join("bob", policy.Developer)
	for _, status := range []account.Status{account.Pending, account.Disabled} {
		o.store.EditAccount("bob", func(a *account.Account) {
			a.Status, a.LastTOTPStep, a.RecoveryCodes = status, 0, make([]string, 10)
		})
		_, err := o.resetter.ResetSecondFactor(t.Context(), ada, bob.UserID)
		refused(t, err, apperr.AccountPending)
	}
}

func TestAResetNeedsTheKeyService(t *testing.T) {
	o := newOffice()
	ada, bob := o.join("ada", policy.Admin), o.join("bob", policy.Developer)
	o.secrets.Before("SealSecret", faults.Always(errDown))
	_, err := o.resetter.ResetSecondFactor(t.Context(), ada, bob.UserID)
	refused(t, err, apperr.ServiceUnavailable)
	if o.account("bob").Revision != 0 {
		t.Error("the account was changed")
	}
}
