package account_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/password"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

func try(username, text string) account.BeginInput {
	return account.BeginInput{Username: username, Password: secret.New(text), Address: home}
}

// begin takes the first step with the right password.
func (w *world) begin(t testing.TB, username string) account.Begun {
	t.Helper()
	begun, err := w.beginner.Begin(t.Context(), try(username, rightPassword))
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

func TestTheRightPasswordOpensAChallenge(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "zoë")
	w.store.EditAccount("zoë", func(a *account.Account) { a.SessionVersion = 7 })
	for _, typed := range []string{"zoë", "ZOË", "zoe\u0308", "ｚｏë"} {
		begun := w.begin(t, typed)
		if begun.ExpiresIn != challengeLife || begun.Username != "zoë" {
			t.Errorf("%q: %+v", typed, begun)
		}
		want := account.Challenge{
			ID: begun.ChallengeID, Username: "zoë", UserID: p.userID, SessionVersion: 7, ExpiresAt: noon.Add(challengeLife).Unix(),
		}
		if _, ok := token.ParseID(begun.ChallengeID); !ok || w.store.Snapshot().Challenges[begun.ChallengeID] != want {
			t.Errorf("%q: stored %+v, want %+v", typed, w.store.Snapshot().Challenges[begun.ChallengeID], want)
		}
	}
	if n := len(w.store.Snapshot().Challenges); n != 4 {
		t.Errorf("four sign-ins opened %d challenges", n)
	}
}

func TestAPasswordIsTakenAsItIs(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	for _, wrong := range []string{
		strings.ToUpper(rightPassword), " " + rightPassword, rightPassword + " ", rightPassword[:len(rightPassword)-1],
	} {
		_, err := w.beginner.Begin(t.Context(), try("alice", wrong))
		refused(t, err, apperr.Unauthenticated)
	}
	w.begin(t, "alice")
}

// Whether a name exists shows neither in the answer, nor in what is read and written, nor in the hashes that are made.
func TestASignInDoesNotTellWhetherANameExists(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	w.person(t, "fresh")
	w.store.EditAccount("fresh", func(a *account.Account) { a.Status = account.Pending })
	w.person(t, "banned")
	w.store.EditAccount("banned", func(a *account.Account) { a.Status = account.Disabled })

	type seen struct {
		refusal apperr.Error // less what is for the log
		calls   string
		hashes  int
	}
	want := seen{
		refusal: apperr.Error{Code: apperr.Unauthenticated, Detail: "The username or the password is wrong.", Bounded: true},
		calls:   fmt.Sprint(map[string]int{"Account": 1, "CountFailure": 1, "SetThrottle": 1, "Throttle": 1}),
		hashes:  1,
	}
	for _, tc := range []struct {
		name, username, password string
		named                    string // in the log: the name of an account that exists, not what was typed
	}{
		{"a wrong password", "alice", "incorrect horse", "alice"},
		{"a wrong password, the name in another spelling", "ALICE", "incorrect horse", "alice"},
		{"a wrong password of a pending account", "fresh", "incorrect horse", "fresh"},
		{"a wrong password of a disabled account", "banned", "incorrect horse", "banned"},
		{"the right password of a disabled account", "banned", rightPassword, "banned"},
		{"an unknown name", "mallory", rightPassword, ""},
		{"an impossible name", "al ice", rightPassword, ""},
		{"a name that is too short", "al", rightPassword, ""},
		{"no name", "", rightPassword, ""},
		{"a name that is no text", "\xff\x00", rightPassword, ""},
		{"a long name", strings.Repeat("x", 8000), rightPassword, ""},
		{"a password that is too short", "alice", "horse", "alice"},
		{"a password of 129 characters", "alice", strings.Repeat("x", 129), "alice"},
		{"a password with a control character", "alice", rightPassword + "\x00", "alice"},
		{"no password", "alice", "", "alice"},
		{"neither name nor password", "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got seen
			calls := w.calls(func() {
				got.hashes = hashes(t, func() {
					begun, err := w.beginner.Begin(t.Context(), try(tc.username, tc.password))
					got.refusal = *refused(t, err, apperr.Unauthenticated)
					if begun != (account.Begun{}) {
						t.Errorf("refused, and yet there is %+v", begun)
					}
				})
			})
			got.calls = fmt.Sprint(calls)
			wantID := ""
			if tc.named != "" {
				wantID = w.account(t, tc.named).UserID.String()
			}
			if got.refusal.Account != tc.named || got.refusal.UserID != wantID {
				t.Errorf("the log names %q, %q, want %q, %q", got.refusal.Account, got.refusal.UserID, tc.named, wantID)
			}
			got.refusal.Account, got.refusal.UserID, got.refusal.Reason = "", "", ""
			if got != want {
				t.Errorf("seen from outside:\n%+v, want\n%+v", got, want)
			}
		})
		for subject := range w.store.Snapshot().Throttles { // so that no case waits for another
			w.store.PutThrottle(subject, account.Throttle{})
		}
	}
	if n := len(w.store.Snapshot().Challenges); n != 0 {
		t.Errorf("%d challenges were opened", n)
	}
}

func TestASignInMakesOneHash(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	var n int
	calls := w.calls(func() { n = hashes(t, func() { w.begin(t, "alice") }) })
	want := map[string]int{
		"Account": 1, "CountFailure": 1, "SetThrottle": 1, "Throttle": 1, "AddChallenge": 1, "ForgiveFailure": 1, "ClearThrottle": 1,
	}
	if n != 1 || !maps.Equal(calls, want) {
		t.Errorf("%d hashes, and calls %v, want %v", n, calls, want)
	}
}

func TestASignInRaisesAHashToTodaysCosts(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	w.store.EditAccount("alice", func(a *account.Account) { a.SessionVersion = 3 })
	before := w.account(t, "alice")
	w.beginner.Hasher = newHasher(t, password.Params{MemoryKiB: least.MemoryKiB, Time: 3})
	begun := w.begin(t, "alice")
	after := w.account(t, "alice")
	if !strings.HasPrefix(after.PasswordHash, "$argon2id$v=19$m=19456,t=3,p=1$") || after.Revision != before.Revision+1 {
		t.Errorf("stored: %+v", after)
	}
	after.PasswordHash, after.Revision = before.PasswordHash, before.Revision
	if !reflect.DeepEqual(after, before) {
		t.Errorf("more has changed: %+v, before %+v", after, before)
	}
	if w.store.Snapshot().Challenges[begun.ChallengeID].SessionVersion != 3 {
		t.Error("the challenge is void")
	}
	w.begin(t, "alice")
	if w.store.Calls("ReplacePasswordHash") != 1 {
		t.Error("it is raised again and again")
	}
}

func TestAHashOfHigherCostsThanTodaysIsKept(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	w.beginner.Hasher = newHasher(t, password.Params{MemoryKiB: least.MemoryKiB, Time: 3})
	w.begin(t, "alice")
	stored := w.account(t, "alice").PasswordHash
	w.beginner.Hasher = newHasher(t, least)
	w.begin(t, "alice")
	if w.account(t, "alice").PasswordHash != stored {
		t.Error("it has changed")
	}
}

func TestAWrongPasswordRaisesNothing(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	before := w.account(t, "alice")
	w.beginner.Hasher = newHasher(t, password.Params{MemoryKiB: least.MemoryKiB, Time: 3})
	_, err := w.beginner.Begin(t.Context(), try("alice", "incorrect horse"))
	refused(t, err, apperr.Unauthenticated)
	if !reflect.DeepEqual(w.account(t, "alice"), before) {
		t.Error("the account has changed")
	}
}

func TestAHashThatCannotBeRaisedStopsNoSignIn(t *testing.T) {
	for _, tc := range []struct {
		name   string
		err    error
		logged bool
	}{
		{"another sign-in is changing the account", account.ErrConflict, false},
		{"the store is down", errDown, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			w.person(t, "alice")
			before := w.account(t, "alice")
			w.beginner.Hasher = newHasher(t, password.Params{MemoryKiB: least.MemoryKiB, Time: 3})
			w.store.Before("ReplacePasswordHash", faults.Always(tc.err))
			w.begin(t, "alice")
			if !reflect.DeepEqual(w.account(t, "alice"), before) {
				t.Error("the account has changed")
			}
			if logged := strings.Contains(w.log.String(), "rehashed"); logged != tc.logged {
				t.Errorf("the log says %q", w.log.String())
			}
		})
	}
}

func TestADamagedPasswordHashLetsNobodyInAndRaisesAnAlarm(t *testing.T) {
	for _, hash := range []string{"", "plain text", "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		w := newWorld(t)
		w.person(t, "alice")
		w.store.EditAccount("alice", func(a *account.Account) { a.PasswordHash = hash })
		_, err := w.beginner.Begin(t.Context(), try("alice", rightPassword))
		if found := refused(t, err, apperr.Corrupt); !found.Alarm {
			t.Errorf("%q: no alarm", hash)
		}
		if failures := w.store.Snapshot().Throttles[account.NameSubject("alice")].Failures; failures != 0 {
			t.Errorf("%q: counted against the user", hash)
		}
	}
}
