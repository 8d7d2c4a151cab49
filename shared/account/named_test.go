package account_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/secret"
)

// Whoever looks at an account's events wants to see that it is being guessed at, and never what was typed where no such name is.
func TestARefusalThatComesTooEarlyNamesTheAccountIfThereIsOne(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	for _, username := range []string{"ALICE", "nobody"} {
		w.fail(strings.ToLower(username), 7)
		w.wrong(t, username)
		_, err := w.beginner.Begin(t.Context(), try(username, rightPassword))
		refusal, named := refused(t, err, apperr.TooManyRequests), username == "ALICE"
		if (refusal.UserID == p.userID.String()) != named || (refusal.Account == "alice") != named {
			t.Errorf("%s: the log names %q, %q", username, refusal.Account, refusal.UserID)
		}
	}
	w.clock.Advance(24 * time.Hour)
	begun := w.begin(t, "alice")
	if begun.UserID != p.userID {
		t.Errorf("begun is the sign-in of %v", begun.UserID)
	}
	for range 5 {
		_, err := w.finisher.Finish(t.Context(), answering(begun.ChallengeID, secret.New("000000")))
		if refusal := refused(t, err, apperr.Unauthenticated); refusal.UserID != p.userID.String() {
			t.Errorf("a wrong code of %q", refusal.UserID)
		}
	}
	_, err := w.finisher.Finish(t.Context(), answering(begun.ChallengeID, secret.New("000000")))
	if refusal := refused(t, err, apperr.TooManyRequests); refusal.UserID != p.userID.String() || refusal.Account != "alice" {
		t.Errorf("a code too early names %q, %q", refusal.Account, refusal.UserID)
	}
	_, err = w.finisher.Finish(t.Context(), answering("unknown", secret.New("000000")))
	if refusal := refused(t, err, apperr.Unauthenticated); refusal.UserID != "" || refusal.Account != "" {
		t.Errorf("an unknown challenge names %q, %q", refusal.Account, refusal.UserID)
	}
}
