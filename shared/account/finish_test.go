package account_test

import (
	"slices"
	"strings"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// challenge opens a challenge as the right password would, without the time that a hash takes.
func (w *world) challenge(p person) account.Challenge {
	c := account.Challenge{
		ID: token.NewID().String(), Username: p.username, UserID: p.userID, ExpiresAt: w.clock.Now().Add(challengeLife).Unix(),
		SessionVersion: w.store.Snapshot().Accounts[p.username].SessionVersion,
	}
	w.store.PutChallenge(c)
	return c
}

// finish answers a fresh challenge.
func (w *world) finish(t testing.TB, p person, code secret.Text) (account.SignedIn, error) {
	t.Helper()
	return w.finisher.Finish(t.Context(), answering(w.challenge(p).ID, code))
}

// signIn takes both steps of a sign-in, the first without its hash.
func (w *world) signIn(t testing.TB, p person) account.SignedIn {
	t.Helper()
	signedIn, err := w.finish(t, p, w.code(p, 0))
	if err != nil {
		t.Fatal(err)
	}
	return signedIn
}

// live reports whether the token lets its holder in.
func (w *world) live(t testing.TB, presented secret.Text) bool {
	t.Helper()
	_, err := w.authorizer.Authorize(t.Context(), presented, policy.Route{API: policy.Own, Method: "GET", Resource: "/dashboard"})
	if err != nil && apperr.CodeOf(err) != apperr.Unauthenticated {
		t.Fatal(err)
	}
	return err == nil
}

func (w *world) codeFailures(p person) int {
	return w.store.Snapshot().Throttles[account.CodeSubject(p.userID)].Failures
}

func TestRegistrationAndBothStepsLetInUntilLogout(t *testing.T) {
	w := newWorld(t)
	p := registered(t, w.register(t, invited("Alice", "ADMIN", w.invite(t, policy.Admin))))
	begun := w.begin(t, "ALICE")
	signedIn, err := w.finisher.Finish(t.Context(), answering(begun.ChallengeID, w.code(p, 0)))
	if err != nil {
		t.Fatal(err)
	}
	want := session.Identity{
		UserID: p.userID, TokenID: signedIn.Identity.TokenID, SessionID: signedIn.Identity.SessionID, Username: "alice",
		Role: policy.Admin, IssuedAt: noon.Unix(), ExpiresAt: noon.Add(tokenLife).Unix(),
	}
	if signedIn.Identity != want || signedIn.ExpiresIn != tokenLife {
		t.Errorf("signed in as %+v, want %+v", signedIn.Identity, want)
	}
	identity, err := w.authorizer.Authorize(t.Context(), signedIn.AccessToken, policy.Route{API: policy.Own, Method: "GET", Resource: "/admin_resource"})
	if err != nil || identity != want {
		t.Errorf("let in as %+v, %v", identity, err)
	}

	a := w.account(t, "alice")
	if entry := a.Sessions[want.TokenID]; len(a.Sessions) != 1 || entry.SessionID != want.SessionID || entry.CreatedAt != noon.Unix() || entry.ExpiresAt != noon.Add(session.MaxSessionLife).Unix() {
		t.Errorf("the account lists %+v", a.Sessions)
	}
	if a.Status != account.Active || a.LastTOTPStep != otp.StepAt(noon) || len(a.RecoveryCodes) != 10 || a.Revision != 1 {
		t.Errorf("the account is %+v", a)
	}
	if n := len(w.store.Snapshot().Challenges); n != 0 {
		t.Errorf("%d challenges are left", n)
	}

	if err := w.revoker.Revoke(t.Context(), identity); err != nil {
		t.Fatal(err)
	}
	if w.live(t, signedIn.AccessToken) || len(w.account(t, "alice").Sessions) != 0 {
		t.Error("the session outlives its end")
	}
}

func TestTheFirstSuccessMakesAPendingAccountActive(t *testing.T) {
	for name, code := range map[string]func(*world, person) secret.Text{
		"with the app":                   func(w *world, p person) secret.Text { return w.code(p, 0) },
		"with a recovery code":           func(_ *world, p person) secret.Text { return p.recovery[9] },
		"not with a wrong code":          func(w *world, p person) secret.Text { return w.wrongCode(p) },
		"not with a wrong recovery code": func(*world, person) secret.Text { return secret.New("0000-0000-0000-0000") },
	} {
		w := newWorld(t)
		p, _ := w.pending(t, false)
		_, err := w.finish(t, p, code(w, p))
		if active := w.account(t, "alice").Status == account.Active; active != (err == nil) || active != (name[:3] != "not") {
			t.Errorf("%s: %v, active %v", name, err, active)
		}
	}
}

func TestARecoveryCodeIsGoodOnceAndLeavesTheOthers(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	before := w.account(t, "alice")
	for used, i := range []int{4, 0, 9} {
		signedIn, err := w.finish(t, p, p.recovery[i])
		if err != nil || !w.live(t, signedIn.AccessToken) {
			t.Fatalf("code %d: %v", i, err)
		}
		after := w.account(t, "alice")
		if slices.Contains(after.RecoveryCodes, before.RecoveryCodes[i]) || len(after.RecoveryCodes) != 9-used || after.LastTOTPStep != 0 {
			t.Errorf("code %d: the account has %d left, step %d", i, len(after.RecoveryCodes), after.LastTOTPStep)
		}
		_, err = w.finish(t, p, p.recovery[i])
		refused(t, err, apperr.Unauthenticated)
	}
	w.signIn(t, p) // the app goes on working
}

func TestARecoveryCodeIsReadAsPeopleType(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	for i, typed := range []func(string) string{
		func(s string) string { return string([]byte(s)[:4]) + "-" + s[5:] },
		strings.ToLower,
		func(s string) string { return s[:4] + s[5:9] + s[10:14] + s[15:] },
	} {
		if _, err := w.finish(t, p, secret.New(typed(p.recovery[i].Reveal()))); err != nil {
			t.Errorf("code %d: %v", i, err)
		}
	}
}

func TestAnothersRecoveryCodeIsWrong(t *testing.T) {
	w := newWorld(t)
	p, other := w.person(t, "alice"), w.person(t, "mallory")
	_, err := w.finish(t, p, other.recovery[0])
	refused(t, err, apperr.Unauthenticated)
	if code := w.code(other, 0); !w.near(p)[code.Reveal()] {
		_, err = w.finish(t, p, code)
		refused(t, err, apperr.Unauthenticated)
	}
	// Nor is a hash that somebody copied into another's row.
	stolen := w.account(t, "mallory").RecoveryCodes
	w.store.EditAccount("alice", func(a *account.Account) { a.RecoveryCodes = stolen })
	_, err = w.finish(t, p, other.recovery[0])
	refused(t, err, apperr.Unauthenticated)
}
