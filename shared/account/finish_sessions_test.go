package account_test

import (
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

// As many sessions as there may be; then each sign-in ends the one that is oldest, and drops the notes of expired ones.
func TestTheFiftyFirstSessionEndsTheOldest(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	var tokens []secret.Text
	for range account.MaxSessions {
		tokens = append(tokens, w.signIn(t, p).AccessToken)
		w.clock.Advance(30 * time.Second)
	}
	for i, each := range tokens {
		if !w.live(t, each) {
			t.Fatalf("session %d has ended", i)
		}
	}
	for round := range 3 {
		tokens = append(tokens, w.signIn(t, p).AccessToken)
		w.clock.Advance(30 * time.Second)
		for i, each := range tokens {
			if w.live(t, each) != (i > round) {
				t.Errorf("after %d more, session %d is live: %v", round+1, i, w.live(t, each))
			}
		}
		w.sameSessions(t, p, account.MaxSessions)
	}
}

// sameSessions checks that the account lists n sessions, that these have records, and that no others do that are live.
func (w *world) sameSessions(t testing.TB, p person, n int) {
	t.Helper()
	all := w.store.Snapshot()
	listed := all.Accounts[p.username].Sessions
	for id, entry := range listed {
		record, found := all.Records[sessiontest.Key{UserID: p.userID, TokenID: id}]
		if !found || record.SessionID != entry.SessionID || record.LimitAt != entry.ExpiresAt || record.CreatedAt != entry.CreatedAt {
			t.Errorf("listed as %+v, recorded as %+v", entry, record)
		}
	}
	for _, record := range all.Records {
		if _, ok := listed[record.TokenID]; !ok && record.UserID == p.userID && record.ExpiresAt > w.clock.Now().Unix() {
			t.Errorf("recorded as %+v, and not listed", record)
		}
	}
	if len(listed) != n {
		t.Errorf("%d sessions are listed, want %d", len(listed), n)
	}
}

func TestASignInDropsTheNotesOfExpiredSessions(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	first := w.signIn(t, p)
	w.clock.Advance(session.MaxSessionLife - time.Second)
	second := w.signIn(t, p)
	w.sameSessions(t, p, 2)      // until its limit the first could be renewed, if its token had not expired
	w.clock.Advance(time.Second) // the first reaches its limit with this second
	_, err := w.finish(t, p, p.recovery[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, listed := w.account(t, "alice").Sessions[first.Identity.TokenID]; listed || w.live(t, first.AccessToken) {
		t.Error("an expired session is still listed")
	}
	if w.sameSessions(t, p, 2); !w.live(t, second.AccessToken) {
		t.Error("the second session ended early")
	}
}

func TestASessionThatWasEndedMakesRoomForAnother(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	var sessions []account.SignedIn
	for range account.MaxSessions {
		sessions = append(sessions, w.signIn(t, p))
		w.clock.Advance(30 * time.Second)
	}
	if err := w.revoker.Revoke(t.Context(), sessions[20].Identity); err != nil {
		t.Fatal(err)
	}
	w.signIn(t, p)
	for i, each := range sessions {
		if w.live(t, each.AccessToken) != (i != 20) {
			t.Errorf("session %d", i)
		}
	}
}

// An account that lists more than it may (an older limit, say) comes back to the limit with one sign-in.
func TestASignInComesBackToTheLimit(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	w.store.EditAccount("alice", func(a *account.Account) {
		for i := range int64(60) {
			a.Sessions[token.NewID()] = account.SessionEntry{SessionID: "s", ExpiresAt: noon.Unix() + 1 + i}
		}
	})
	signedIn := w.signIn(t, p)
	after := w.account(t, "alice").Sessions
	if _, listed := after[signedIn.Identity.TokenID]; !listed || len(after) != account.MaxSessions {
		t.Errorf("%d sessions are listed", len(after))
	}
	for _, entry := range after {
		if entry.ExpiresAt <= noon.Unix()+11 {
			t.Error("one of the oldest stays")
		}
	}
}
