package session_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/envelope"
	"sallyport/shared/faults"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func TestAnIssuedTokenLetsItsHolderIn(t *testing.T) {
	for _, role := range policy.Roles() {
		w := newWorld()
		holder := session.Holder{UserID: token.NewID(), Username: "zoë", Role: role}
		minted, record, err := w.issuer.Issue(t.Context(), holder)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := w.refused(t, minted.Reveal(), dashboard); got.reason != session.ReasonRevoked {
			t.Errorf("before its record is stored: %+v", got)
		}
		w.records.Add(record)
		identity, err := w.authorizer.Authorize(t.Context(), minted, dashboard)
		if err != nil {
			t.Fatal(err)
		}
		if want := (session.Identity{
			UserID: holder.UserID, TokenID: record.TokenID, SessionID: record.SessionID, Username: "zoë", Role: role,
			IssuedAt: noon.Unix(), ExpiresAt: noon.Add(life).Unix(),
		}); identity != want {
			t.Errorf("it lets in %+v, want %+v", identity, want)
		}
		if record.UserID != holder.UserID || record.Username != "zoë" || record.Role != role ||
			record.IssuedAt != noon.Unix() || record.ExpiresAt != noon.Add(life).Unix() || w.issuer.Life() != life {
			t.Errorf("the record is %+v", record)
		}
	}
}

func TestARecordDoesNotGiveItsTokenAway(t *testing.T) {
	w := newWorld()
	minted, record := w.signIn(t, policy.Consumer)
	if text := []byte(minted.Reveal()); bytes.Contains(record.Sealed, text[4:20]) || len(record.Sealed) != len(text)+envelope.Overhead {
		t.Errorf("sealed to %d bytes: %q", len(record.Sealed), record.Sealed)
	}
}

func TestNoTwoSessionsShareAnID(t *testing.T) {
	w := newWorld()
	seen := map[string]bool{}
	for range 1000 {
		_, record, err := w.issuer.Issue(t.Context(), session.Holder{Username: "alice", Role: policy.Consumer})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{record.SessionID, record.TokenID.String()} {
			if seen[id] || len(id) != 32 {
				t.Fatalf("the id %q came twice, or is none", id)
			}
			seen[id] = true
		}
	}
}

func TestNothingIsIssuedWithoutAKey(t *testing.T) {
	for name, fail := range map[string]func(w *world){
		"the key store is down":      func(w *world) { w.keys.Before("WrappedKey", faults.Always(errDown)) },
		"a key cannot be stored":     func(w *world) { w.keys.Before("AddWrappedKey", faults.Always(errDown)) },
		"KMS makes no key":           func(w *world) { w.kms.Before("NewDataKey", faults.Always(errDown)) },
		"KMS does not unwrap":        func(w *world) { w.kms.Before("Unwrap", faults.Always(errDown)) },
		"KMS says it in its own way": func(w *world) { w.kms.Before("NewDataKey", faults.Always(apperr.Unavailable(errDown))) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			fail(w)
			minted, record, err := w.issuer.Issue(t.Context(), session.Holder{Role: policy.Admin})
			if apperr.CodeOf(err) != apperr.ServiceUnavailable || !errors.Is(err, errDown) {
				t.Errorf("%v, want ServiceUnavailable with its cause", err)
			}
			if minted.Reveal() != "" || record.Sealed != nil || record.UserID != (token.ID{}) {
				t.Errorf("and yet it issues %+v", record)
			}
		})
	}
}

// shreddedMeanwhile is a ring whose current key goes while a token is made of it: before it is signed, or before it is
// sealed.
type shreddedMeanwhile struct {
	*envelope.Ring
	signs bool
}

func (k shreddedMeanwhile) Tag(context.Context, uint32, uint8, []byte) (tag [token.TagSize]byte, ok bool, err error) {
	return tag, k.signs, nil
}

func (k shreddedMeanwhile) Seal(context.Context, uint32, uint8, []byte, []byte) ([]byte, error) {
	if k.signs {
		return nil, errors.New("no such data key")
	}
	return []byte("sealed"), nil
}

func TestAKeyShreddedWhileATokenIsMadeIsTheServicesFault(t *testing.T) {
	for _, signs := range []bool{false, true} {
		w := newWorld()
		issuer := session.NewIssuer(shreddedMeanwhile{w.newRing(), signs}, w.clock.Now, life)
		if minted, _, err := issuer.Issue(t.Context(), session.Holder{}); apperr.CodeOf(err) != apperr.ServiceUnavailable || minted.Reveal() != "" {
			t.Errorf("signs %t: %v, want ServiceUnavailable", signs, err)
		}
	}
}

func TestARevokedTokenIsRefusedFromThenOn(t *testing.T) {
	w := newWorld()
	minted, record := w.signIn(t, policy.Consumer)
	other, _ := w.signIn(t, policy.Consumer)
	identity, err := w.authorizer.Authorize(t.Context(), minted, dashboard)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time is no error
		if err := w.revoker.Revoke(t.Context(), identity); err != nil {
			t.Fatal(err)
		}
		if got, _ := w.refused(t, minted.Reveal(), dashboard); got.reason != session.ReasonRevoked {
			t.Errorf("%+v", got)
		}
	}
	if _, err := w.authorizer.Authorize(t.Context(), other, dashboard); err != nil {
		t.Errorf("another session has ended with it: %v", err)
	}
	if len(w.records.All()) != 1 {
		t.Errorf("the record of %s is still there", record.TokenID)
	}
}

func TestARevocationThatFailedSaysSo(t *testing.T) {
	w := newWorld()
	minted, record := w.signIn(t, policy.Consumer)
	w.records.Before("EndSession", faults.Always(errDown))
	err := w.revoker.Revoke(t.Context(), session.Identity{UserID: record.UserID, TokenID: record.TokenID})
	if apperr.CodeOf(err) != apperr.ServiceUnavailable || !errors.Is(err, errDown) {
		t.Errorf("%v, want ServiceUnavailable with its cause", err)
	}
	if _, err := w.authorizer.Authorize(t.Context(), minted, dashboard); err != nil {
		t.Errorf("the session has ended all the same: %v", err)
	}
}

func TestShreddingADayRefusesItsTokensAndSignInGoesOn(t *testing.T) {
	w := newWorld()
	old, _ := w.signIn(t, policy.Consumer)
	w.keys.Shred(envelope.Day(noon))
	w.clock.Set(noon.Add(envelope.MaxAbsenceAge))
	fresh, _ := w.signIn(t, policy.Consumer) // the authorizing function sees the new generation
	if got, _ := w.refused(t, old.Reveal(), dashboard); got.reason != session.ReasonKeyUnknown {
		t.Errorf("the old token: %+v", got)
	}
	if _, err := w.authorizer.Authorize(t.Context(), fresh, dashboard); err != nil {
		t.Errorf("the new token: %v", err)
	}
	w.clock.Set(noon.Add(30 * time.Minute))
	if _, err := w.authorizer.Authorize(t.Context(), fresh, dashboard); err != nil {
		t.Errorf("the new token, later: %v", err)
	}
}
