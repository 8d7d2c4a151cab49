package session_test

import (
	"testing"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func (w *world) tokenRevoker() *session.TokenRevoker {
	return session.NewTokenRevoker(w.authorizer, w.revoker)
}

func TestWhoeverShowsATokenCanEndItsSessionAndNoOther(t *testing.T) {
	w := newWorld()
	shown, record := w.signIn(t, policy.Developer)
	other, _ := w.signIn(t, policy.Developer)
	ended, err := w.tokenRevoker().RevokeToken(t.Context(), shown)
	if err != nil || ended != record.Identity() {
		t.Errorf("%+v, %v", ended, err)
	}
	if w.passes(t, shown) || !w.passes(t, other) {
		t.Error("the session goes on, or another one has ended")
	}
	if _, err := w.tokenRevoker().RevokeToken(t.Context(), shown); apperr.CodeOf(err) != apperr.Unauthenticated {
		t.Errorf("again: %v", err)
	}
}

func TestAnAPITokenEndsAloneWhenItIsShown(t *testing.T) {
	w := newWorld()
	holder := session.Holder{UserID: token.NewID(), Username: "alice", Role: policy.Developer}
	minted, record, err := w.issuer.IssueAPIToken(t.Context(), holder, noon.Add(time.Hour).Unix(), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.records.Add(record)
	beside, _ := w.signIn(t, policy.Developer)
	if ended, err := w.tokenRevoker().RevokeToken(t.Context(), minted); err != nil || ended.Kind != token.API || ended.TokenID != record.TokenID {
		t.Errorf("%+v, %v", ended, err)
	}
	if w.passes(t, minted) || !w.passes(t, beside) {
		t.Error("the API token goes on, or a session has ended")
	}
}

// A token that was replaced is no good for a request, and its holder can still renew the session with it or has stolen it: either way
// showing it for revocation must leave nothing behind.
func TestAReplacedTokenThatIsShownEndsTheSessionToo(t *testing.T) {
	for _, after := range []time.Duration{0, 2 * time.Second, 2*time.Second + time.Millisecond, time.Minute} {
		w := newWorld()
		old, _ := w.signIn(t, policy.Developer)
		w.advance(time.Second)
		renewed, err := w.renew(t, old)
		if err != nil {
			t.Fatal(err)
		}
		w.advance(after)
		_, err = w.tokenRevoker().RevokeToken(t.Context(), old)
		if reused := apperr.From(err); after <= 2*time.Second && err != nil || after > 2*time.Second && (reused.Reason != session.ReasonReused || !reused.Alarm) {
			t.Errorf("after %v: %v", after, err)
		}
		if w.passes(t, renewed.AccessToken) {
			t.Errorf("after %v: the session goes on with the new token", after)
		}
		if _, err := w.renew(t, old); err == nil {
			t.Errorf("after %v: the session is renewed", after)
		}
	}
}

func TestWhatIsNoLiveTokenEndsNothing(t *testing.T) {
	w := newWorld()
	shown, _ := w.signIn(t, policy.Developer)
	elsewhere := newWorld() // of another installation: another key
	foreign, _ := elsewhere.signIn(t, policy.Developer)
	for what, text := range map[string]secret.Text{
		"nothing": {}, "no token": secret.New("spt_"), "another's": foreign, "altered": secret.New(flip(shown.Reveal())),
	} {
		w.forget()
		if _, err := w.tokenRevoker().RevokeToken(t.Context(), text); apperr.CodeOf(err) != apperr.Unauthenticated || w.records.Writes() != 0 {
			t.Errorf("%s: %v, %d writes", what, err, w.records.Writes())
		}
	}
	if !w.passes(t, shown) {
		t.Error("the session has ended")
	}
}

// flip changes the last character before the checksum, so that it is no token in form.
func flip(text string) string {
	changed := []byte(text)
	changed[len(changed)-8] ^= 1
	return string(changed)
}

func TestARevocationThatFailsIsNotClaimed(t *testing.T) {
	for _, method := range []string{"Record", "EndSession"} {
		w := newWorld()
		shown, _ := w.signIn(t, policy.Developer)
		w.records.Before(method, faults.Always(errDown))
		if _, err := w.tokenRevoker().RevokeToken(t.Context(), shown); apperr.CodeOf(err) != apperr.ServiceUnavailable {
			t.Errorf("%s: %v", method, err)
		}
		w.records.Mend()
		if !w.passes(t, shown) {
			t.Errorf("%s: the session has ended", method)
		}
	}
}
