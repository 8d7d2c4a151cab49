package accounttest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/policy"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

// now is 2026-11-23 12:00 UTC, for rows that hold times.
const now int64 = 1_795_435_200

// parallel is how many callers do the same at once. Of so many, on two processors, some meet.
const parallel = 60

type part struct {
	name string
	run  func(*testing.T, Everything)
}

// TestStore checks every promise of the stores that packages account and session ask for. Each part opens empty stores.
func TestStore(t *testing.T, open func(t *testing.T) Everything) {
	t.Helper()
	for _, p := range slices.Concat(
		registrationParts(), throttleParts(), beginParts(), finishParts(), endParts(), changeParts(), apiTokenParts(), lapseParts(), credentialParts(), reenrolParts(),
		actorParts(), directoryParts(),
	) {
		t.Run(p.name, func(t *testing.T) { p.run(t, open(t)) })
	}
}

// newAccount returns an account with something in every field.
func newAccount(username string) account.Account {
	a := account.Account{ //nolint:gosec // G101: no credentials but samples
		Username: username, UserID: token.NewID(), Status: account.Active, Role: policy.Admin,
		PasswordHash: "$argon2id$v=19$m=47104,t=1,p=1$c2FsdA$aGFzaA", SealedTOTPSecret: []byte("sealed\x00\xff"),
		LastTOTPStep: 59_847_000, Sessions: map[token.ID]account.SessionEntry{},
		SessionVersion: 3, Revision: 17, CreatedAt: now - 86_400,
		APITokens:      map[token.ID]account.APITokenEntry{},
		InvitationHash: token.NewID().String(), InvitationExpiresAt: now + 3600,
		EnrollingTOTPSecret: []byte("enrolling\x00\xff"), EnrollingExpiresAt: now + 600,
		EnrolmentHash: token.NewID().String(), EnrolmentExpiresAt: now + 86_400,
	}
	for i := range 10 {
		a.RecoveryCodes = append(a.RecoveryCodes, fmt.Sprintf("hash of recovery code %d", i))
	}
	for i := range 2 {
		a.Sessions[token.NewID()] = account.SessionEntry{
			SessionID: token.NewID().String(), CreatedAt: now - 60, ExpiresAt: now + int64(i), Device: "Büro", AddressFamily: "ipv6",
		}
	}
	a.APITokens[token.NewID()] = account.APITokenEntry{Name: "nightly", CreatedAt: now - 60, ExpiresAt: now + 60}
	a.APITokens[token.NewID()] = account.APITokenEntry{
		Name: "日本", CreatedAt: now - 60, ExpiresAt: now + 60,
		Routes: []policy.Route{{API: policy.Own, Method: "GET", Resource: "/dashboard"}, {API: "orders", Method: "GET", Resource: "/orders/{id}"}},
	}
	return a
}

func newChallenge(of account.Account) account.Challenge {
	return account.Challenge{
		ID: token.NewID().String(), Username: of.Username, UserID: of.UserID, SessionVersion: of.SessionVersion, ExpiresAt: now + 300,
	}
}

func newInvitation() account.Invitation {
	return account.Invitation{CodeHash: token.NewID().String(), Role: policy.Admin, MadeBy: "operator", ExpiresAt: now + 86_400}
}

// fixture reads and writes a store, and fails the test when the store does not answer.
type fixture struct {
	*testing.T
	Everything
}

func (f fixture) create(a account.Account) account.Account {
	f.Helper()
	if err := f.CreateAccount(f.T.Context(), account.Creation{Account: a}); err != nil {
		f.Fatalf("CreateAccount: %v", err)
	}
	return a
}

func (f fixture) account(username string) (account.Account, bool) {
	f.Helper()
	a, found, err := f.Everything.Account(f.T.Context(), username)
	if err != nil {
		f.Errorf("Account: %v", err)
	}
	return a, found
}

// wantAccount checks that the stored account is the wanted one in every field.
func (f fixture) wantAccount(want account.Account) {
	f.Helper()
	got, found := f.account(want.Username)
	want = clone(want)
	if !found || !reflect.DeepEqual(got, want) {
		f.Errorf("stored account:\n got %+v, %v\nwant %+v", got, found, want)
	}
}

func (f fixture) challenge(id string) (account.Challenge, bool) {
	f.Helper()
	c, found, err := f.Challenge(f.T.Context(), id)
	if err != nil {
		f.Errorf("Challenge: %v", err)
	}
	return c, found
}

func (f fixture) addChallenge(c account.Challenge) account.Challenge {
	f.Helper()
	if err := f.AddChallenge(f.T.Context(), c); err != nil {
		f.Fatalf("AddChallenge: %v", err)
	}
	return c
}

func (f fixture) addInvitation() account.Invitation {
	f.Helper()
	i := newInvitation()
	if err := f.AddInvitation(f.T.Context(), i); err != nil {
		f.Fatalf("AddInvitation: %v", err)
	}
	return i
}

func (f fixture) hasInvitation(codeHash string) bool {
	f.Helper()
	_, found, err := f.Invitation(f.T.Context(), codeHash)
	if err != nil {
		f.Errorf("Invitation: %v", err)
	}
	return found
}

func (f fixture) throttle(subject string) account.Throttle {
	f.Helper()
	row, err := f.Throttle(f.T.Context(), subject)
	if err != nil {
		f.Errorf("Throttle: %v", err)
	}
	return row
}

func (f fixture) hasRecord(userID, tokenID token.ID) bool {
	f.Helper()
	_, found, err := f.Record(f.T.Context(), userID, tokenID)
	if err != nil {
		f.Errorf("Record: %v", err)
	}
	return found
}

// wantSame checks that the account's list of sessions and the records of its tokens, of those given, are the same.
func (f fixture) wantSame(username string, tokens []token.ID) {
	f.Helper()
	a, _ := f.account(username)
	for _, id := range tokens {
		_, listed := a.Sessions[id]
		if there := f.hasRecord(a.UserID, id); there != listed {
			f.Errorf("token %s is listed: %v, has a record: %v", id, listed, there)
		}
	}
}

func (f fixture) wantConflict(err error) {
	f.Helper()
	if !errors.Is(err, account.ErrConflict) {
		f.Errorf("got %v, want ErrConflict", err)
	}
}

// atOnce runs do many times in parallel and returns how many succeeded. Every other one must fail with one of allowed.
func atOnce(t *testing.T, times int, do func(i int) error, allowed ...error) int {
	t.Helper()
	var all sync.WaitGroup
	var succeeded atomic.Int32
	start := make(chan struct{})
	for i := range times {
		all.Go(func() {
			<-start
			err := do(i)
			if err == nil {
				succeeded.Add(1)
			} else if !slices.ContainsFunc(allowed, func(target error) bool { return errors.Is(err, target) }) {
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	close(start)
	all.Wait()
	return int(succeeded.Load())
}

// ended returns a context that has ended.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// completion returns what a sign-in with the next time step changes.
func completion(c account.Challenge, before account.Account) account.Completion {
	record := sessiontest.NewRecord()
	record.UserID, record.Username, record.Role = before.UserID, before.Username, before.Role
	after := clone(before)
	after.Status = account.Active
	after.LastTOTPStep++
	after.EnrolmentHash, after.EnrolmentExpiresAt = "", 0
	after.Sessions[record.TokenID] = account.SessionEntry{SessionID: record.SessionID, CreatedAt: record.CreatedAt, ExpiresAt: record.LimitAt}
	return account.Completion{Challenge: c, Before: before, After: after, Record: record}
}

// impossible returns keys that no row can have.
func impossible() []string { return []string{"", string(make([]byte, 3000)), "\xff"} }
