package session_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"log/slog"
	"strings"
	"testing"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/envelope"
	"sallyport/shared/faults"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

// edited returns the token with its bytes changed and a CRC that fits.
func edited(t testing.TB, presented secret.Text, edit func(raw []byte)) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(presented.Reveal(), token.Prefix))
	if err != nil {
		t.Fatal(err)
	}
	edit(raw)
	binary.BigEndian.PutUint32(raw[86:], crc32.ChecksumIEEE(raw[:86]))
	return token.Prefix + base64.RawURLEncoding.EncodeToString(raw)
}

func setKeyDay(raw []byte, day uint32) {
	raw[1], raw[2], raw[3] = byte(day>>16), byte(day>>8), byte(day)
}

// sign returns a token of any claims under the key in use.
func (w *world) sign(t testing.TB, claims token.Claims) string {
	t.Helper()
	return signedBy(t, w.newRing(), claims)
}

// signedBy returns a token of any claims, signed with the ring's key of their day.
func signedBy(t testing.TB, ring *envelope.Ring, claims token.Claims) string {
	t.Helper()
	minted, err := token.Mint(claims, func(message []byte) ([token.TagSize]byte, error) {
		tag, ok, err := ring.Tag(t.Context(), claims.KeyDay, claims.Generation, message)
		if err == nil && !ok {
			err = errors.New("no such key")
		}
		return tag, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return minted.Reveal()
}

func (w *world) claims(record session.Record) token.Claims {
	return token.Claims{
		KeyDay: envelope.Day(noon), UserID: record.UserID, TokenID: record.TokenID, Role: uint8(record.Role),
		Issued: record.IssuedAt, Expires: record.ExpiresAt,
	}
}

// Every refusal: what it is for the log, and how many reads it cost. The first door costs no record read.
func TestEveryRefusalHasItsReasonAndItsCost(t *testing.T) {
	const (
		no        = apperr.Unauthenticated
		mustAlarm = true
	)
	today := envelope.Day(noon)
	for _, tc := range []struct {
		name string
		// arrange breaks something, and returns what is presented.
		arrange func(t *testing.T, w *world, minted secret.Text, record session.Record) string
		want    refusal
	}{
		{"nothing", func(*testing.T, *world, secret.Text, session.Record) string {
			return ""
		}, refusal{code: no, reason: session.ReasonMalformed}},
		{"not a token", func(*testing.T, *world, secret.Text, session.Record) string {
			return "eyJhbGciOiJub25lIn0.e30."
		}, refusal{code: no, reason: session.ReasonMalformed}},
		{"a character changed", func(_ *testing.T, _ *world, minted secret.Text, _ session.Record) string {
			return strings.Replace(minted.Reveal(), "spt_A", "spt_B", 1)
		}, refusal{code: no, reason: session.ReasonMalformed}},
		{"a space at its end", func(_ *testing.T, _ *world, minted secret.Text, _ session.Record) string {
			return minted.Reveal() + " "
		}, refusal{code: no, reason: session.ReasonMalformed}},

		{"a key day too old for a live token", func(t *testing.T, _ *world, minted secret.Text, _ session.Record) string {
			return edited(t, minted, func(raw []byte) { setKeyDay(raw, today-2) })
		}, refusal{code: no, reason: session.ReasonKeyDay}},
		{"a key day to come", func(t *testing.T, _ *world, minted secret.Text, _ session.Record) string {
			return edited(t, minted, func(raw []byte) { setKeyDay(raw, today+1) })
		}, refusal{code: no, reason: session.ReasonKeyDay}},
		{"the first key day of all", func(t *testing.T, _ *world, minted secret.Text, _ session.Record) string {
			return edited(t, minted, func(raw []byte) { setKeyDay(raw, 0) })
		}, refusal{code: no, reason: session.ReasonKeyDay}},
		{"the last key day of all", func(t *testing.T, _ *world, minted secret.Text, _ session.Record) string {
			return edited(t, minted, func(raw []byte) { setKeyDay(raw, token.MaxKeyDay) })
		}, refusal{code: no, reason: session.ReasonKeyDay}},

		{"a generation to come, first seen", func(t *testing.T, w *world, minted secret.Text, _ session.Record) string {
			w.clock.Set(noon.Add(envelope.MaxAbsenceAge))
			return edited(t, minted, func(raw []byte) { raw[4] = 9 })
		}, refusal{code: no, reason: session.ReasonKeyUnknown, keyReads: 1}},
		{"a generation to come, soon after", func(t *testing.T, _ *world, minted secret.Text, _ session.Record) string {
			return edited(t, minted, func(raw []byte) { raw[4] = 9 })
		}, refusal{code: no, reason: session.ReasonKeyUnknown}},
		{"a key shredded within its age", func(_ *testing.T, w *world, minted secret.Text, _ session.Record) string {
			w.keys.Shred(today)
			w.clock.Set(noon.Add(envelope.MaxKeyAge))
			return minted.Reveal()
		}, refusal{code: no, reason: session.ReasonKeyUnknown, keyReads: 1}},
		{"a key that has expired", func(_ *testing.T, w *world, minted secret.Text, _ session.Record) string {
			w.keys.Remove(today)
			w.clock.Set(noon.Add(envelope.MaxKeyAge))
			return minted.Reveal()
		}, refusal{code: no, reason: session.ReasonKeyUnknown, keyReads: 1}},
		{"a corrupt key", func(_ *testing.T, w *world, minted secret.Text, _ session.Record) string {
			w.keys.Put(envelope.WrappedKey{Day: today, Wrapped: []byte("damaged")})
			w.clock.Set(noon.Add(envelope.MaxKeyAge))
			return minted.Reveal()
		}, refusal{code: no, reason: session.ReasonKeyCorrupt, alarm: mustAlarm, keyReads: 1, unwraps: 1}},

		{"a made-up token", func(t *testing.T, _ *world, minted secret.Text, _ session.Record) string {
			return edited(t, minted, func(raw []byte) { clear(raw[54:86]) })
		}, refusal{code: no, reason: session.ReasonSignature}},
		{"another role", func(t *testing.T, _ *world, minted secret.Text, _ session.Record) string {
			return edited(t, minted, func(raw []byte) { raw[37] = byte(policy.Admin) })
		}, refusal{code: no, reason: session.ReasonSignature}},
		{"an access token with an API token's prefix", func(_ *testing.T, _ *world, minted secret.Text, _ session.Record) string {
			return token.APIPrefix + strings.TrimPrefix(minted.Reveal(), token.Prefix)
		}, refusal{code: no, reason: session.ReasonSignature}},
		{"another stage's token", func(t *testing.T, w *world, _ secret.Text, record session.Record) string {
			other := envelope.NewRing(w.keys, w.kms, "staging", w.clock.Now, slog.New(slog.DiscardHandler)) // KMS lets it
			return signedBy(t, other, w.claims(record))
		}, refusal{code: no, reason: session.ReasonSignature}},

		{"expired this second", func(_ *testing.T, w *world, minted secret.Text, record session.Record) string {
			w.clock.Set(time.Unix(record.ExpiresAt, 0))
			return minted.Reveal()
		}, refusal{code: no, reason: session.ReasonExpired, keyReads: 1, unwraps: 1}},
		{"expired long ago, by its own word", func(t *testing.T, w *world, _ secret.Text, record session.Record) string {
			claims := w.claims(record)
			claims.Expires = -1 << 63
			return w.sign(t, claims)
		}, refusal{code: no, reason: session.ReasonExpired}},

		{"revoked", func(t *testing.T, w *world, minted secret.Text, record session.Record) string {
			identity := session.Identity{UserID: record.UserID, TokenID: record.TokenID}
			if err := w.revoker.Revoke(t.Context(), identity); err != nil {
				t.Fatal(err)
			}
			return minted.Reveal()
		}, refusal{code: no, reason: session.ReasonRevoked, recordReads: 1}},
		{"never recorded", func(t *testing.T, w *world, _ secret.Text, record session.Record) string {
			claims := w.claims(record)
			claims.TokenID = token.NewID()
			return w.sign(t, claims)
		}, refusal{code: no, reason: session.ReasonRevoked, recordReads: 1}},
		{"a record that has expired, and is still there", func(_ *testing.T, w *world, minted secret.Text, record session.Record) string {
			record.ExpiresAt = noon.Unix()
			w.records.Add(record)
			return minted.Reveal()
		}, refusal{code: no, reason: session.ReasonRecordExpired, recordReads: 1}},
		{"a record that is damaged", func(_ *testing.T, w *world, minted secret.Text, _ session.Record) string {
			w.records.Before("Record", faults.Always(apperr.Tampered("row_malformed", nil)))
			return minted.Reveal()
		}, refusal{code: no, reason: session.ReasonRecordCorrupt, alarm: mustAlarm, recordReads: 1}},
		{"another token of the same record", func(t *testing.T, w *world, _ secret.Text, record session.Record) string {
			claims := w.claims(record)
			claims.Issued++
			return w.sign(t, claims)
		}, refusal{code: no, reason: session.ReasonRecordMismatch, alarm: mustAlarm, recordReads: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld()
			minted, record := w.signIn(t, policy.Developer)
			presented := tc.arrange(t, w, minted, record)
			got, identity := w.refused(t, presented, dashboard)
			if got != tc.want {
				t.Errorf("refused with\n%+v, want\n%+v", got, tc.want)
			}
			if identity != (session.Identity{}) {
				t.Errorf("refused, and yet it says %+v", identity)
			}
		})
	}
}

func TestTheLogLearnsWhoseRecordDoesNotFitAndNothingOfAForgedToken(t *testing.T) {
	w := newWorld()
	minted, record := w.signIn(t, policy.Developer)
	forged := edited(t, minted, func(raw []byte) { clear(raw[54:86]) })
	_, err := w.authorizer.Authorize(t.Context(), secret.New(forged), dashboard)
	if e := apperr.From(err); e.UserID != "" || e.TokenID != "" {
		t.Errorf("the ids of a forged token are believed: %+v", e)
	}
	record.ExpiresAt++
	w.records.Add(record)
	_, err = w.authorizer.Authorize(t.Context(), minted, dashboard)
	if e := apperr.From(err); !e.Alarm || e.UserID != record.UserID.String() || e.TokenID != record.TokenID.String() {
		t.Errorf("%+v", e)
	}
}

func TestARecordIsGoodForItsOwnTokenOnly(t *testing.T) {
	for name, edit := range map[string]func(record *session.Record, other session.Record){
		"another's whole record": func(r *session.Record, o session.Record) {
			id, user := r.TokenID, r.UserID
			*r = o
			r.TokenID, r.UserID = id, user
		},
		"another's record as it is":   func(r *session.Record, o session.Record) { *r = o },
		"another's sealed token":      func(r *session.Record, o session.Record) { r.Sealed = o.Sealed },
		"another user id":             func(r *session.Record, o session.Record) { r.UserID = o.UserID },
		"another token id":            func(r *session.Record, o session.Record) { r.TokenID = o.TokenID },
		"another session id":          func(r *session.Record, o session.Record) { r.SessionID = o.SessionID },
		"no session id":               func(r *session.Record, _ session.Record) { r.SessionID = "" },
		"another username":            func(r *session.Record, _ session.Record) { r.Username = "bob" },
		"username and session joined": func(r *session.Record, _ session.Record) { r.SessionID += r.Username; r.Username = "" },
		"a higher role":               func(r *session.Record, _ session.Record) { r.Role = policy.Admin },
		"no role":                     func(r *session.Record, _ session.Record) { r.Role = 0 },
		"an unknown role":             func(r *session.Record, _ session.Record) { r.Role = 77 },
		"a later expiry":              func(r *session.Record, _ session.Record) { r.ExpiresAt++ },
		"an earlier expiry":           func(r *session.Record, _ session.Record) { r.ExpiresAt-- },
		"no sealed token":             func(r *session.Record, _ session.Record) { r.Sealed = nil },
		"a cut sealed token":          func(r *session.Record, _ session.Record) { r.Sealed = r.Sealed[:20] },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			minted, record := w.signIn(t, policy.Consumer)
			_, other := w.signIn(t, policy.Admin)
			key := sessiontest.Key{UserID: record.UserID, TokenID: record.TokenID}
			edit(&record, other)
			w.records.Step(func(records map[sessiontest.Key]session.Record) { records[key] = record })
			want := refusal{code: apperr.Unauthenticated, reason: session.ReasonRecordMismatch, alarm: true, recordReads: 1}
			if got, _ := w.refused(t, minted.Reveal(), dashboard); got != want {
				t.Errorf("refused with\n%+v, want\n%+v", got, want)
			}
		})
	}
}

func TestATokenIsGoodUntilTheSecondOfItsExpiry(t *testing.T) {
	w := newWorld()
	minted, record := w.signIn(t, policy.Consumer)
	if want := noon.Add(life).Unix(); record.ExpiresAt != want {
		t.Fatalf("it expires at %d, want %d", record.ExpiresAt, want)
	}
	w.clock.Set(time.Unix(record.ExpiresAt, 0).Add(-time.Nanosecond))
	if _, err := w.authorizer.Authorize(t.Context(), minted, dashboard); err != nil {
		t.Errorf("in its last second: %v", err)
	}
	w.clock.Set(time.Unix(record.ExpiresAt, 0))
	if got, _ := w.refused(t, minted.Reveal(), dashboard); got.reason != session.ReasonExpired {
		t.Errorf("at its expiry, with its record present: %+v", got)
	}
}

func TestTheKeyDaysThatALiveTokenCanHave(t *testing.T) {
	midnight := time.Date(2026, time.November, 24, 0, 0, 0, 0, time.UTC)
	today := envelope.Day(midnight)
	for _, tc := range []struct {
		name string
		now  time.Time
		day  uint32
		live bool
	}{
		{"yesterday's, 12 h and a minute into today", midnight.Add(12*time.Hour + 59*time.Second), today - 1, true},
		{"yesterday's, a second later", midnight.Add(12*time.Hour + 61*time.Second), today - 1, false},
		{"the day before yesterday's, at midnight", midnight, today - 2, false},
		{"tomorrow's, a minute before midnight", midnight.Add(-60 * time.Second), today, true},
		{"tomorrow's, a second before that", midnight.Add(-61 * time.Second), today, false},
		{"today's, at midnight", midnight, today, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld()
			w.clock.Set(tc.now)
			want := session.ReasonKeyDay
			if tc.live {
				want = session.ReasonKeyUnknown
			}
			presented := unsigned(t, token.Claims{KeyDay: tc.day, Expires: 1 << 40})
			if got, _ := w.refused(t, presented, dashboard); got.reason != want {
				t.Errorf("refused for %s, want %s", got.reason, want)
			}
		})
	}
}

func TestTheLongestTokenLivesOutItsLifeAcrossMidnight(t *testing.T) {
	w := newWorld()
	w.clock.Set(time.Date(2026, time.November, 23, 23, 59, 59, 0, time.UTC))
	w.issuer = session.NewIssuer(w.newRing(), w.clock.Now, session.MaxTokenLife)
	minted, record := w.signIn(t, policy.Consumer)
	w.clock.Set(time.Unix(record.ExpiresAt-1, 0))
	if _, err := w.authorizer.Authorize(t.Context(), minted, dashboard); err != nil {
		t.Error(err)
	}
}

func TestTheWrongRoleIsForbiddenAndNamed(t *testing.T) {
	w := newWorld()
	minted, record := w.signIn(t, policy.Consumer)
	for _, route := range []policy.Route{
		{API: policy.Own, Method: "GET", Resource: "/admin_resource"}, {API: policy.Own, Method: "DELETE", Resource: "/dashboard"},
		{API: policy.Own, Method: "GET", Resource: "/unknown"}, {API: "another", Method: "GET", Resource: "/dashboard"},
		{Method: "GET", Resource: "/dashboard"}, {},
	} {
		got, identity := w.refused(t, minted.Reveal(), route)
		if want := (refusal{code: apperr.Forbidden, reason: session.ReasonRole, recordReads: 1}); got != want {
			t.Errorf("%v: refused with\n%+v, want\n%+v", route, got, want)
		}
		if identity.UserID != record.UserID || identity.Username != "alice" {
			t.Errorf("%v: the log is not told who: %+v", route, identity)
		}
	}
}

func TestAFailedDependencyLetsNobodyInAndIsNotTheCallersFault(t *testing.T) {
	corrupted := apperr.Unavailable(errDown)
	for name, tc := range map[string]struct {
		fail func(w *world)
		want refusal
	}{
		"the record store":             {func(w *world) { w.records.Before("Record", faults.Always(errDown)) }, refusal{recordReads: 1}},
		"the record store, classified": {func(w *world) { w.records.Before("Record", faults.Always(corrupted)) }, refusal{recordReads: 1}},
		"the key store":                {func(w *world) { w.keys.Before("WrappedKey", faults.Always(errDown)) }, refusal{keyReads: 1}},
		"KMS":                          {func(w *world) { w.kms.Before("Unwrap", faults.Always(errDown)) }, refusal{keyReads: 1, unwraps: 1}},
		"KMS, classified":              {func(w *world) { w.kms.Before("Unwrap", faults.Always(corrupted)) }, refusal{keyReads: 1, unwraps: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			minted, _ := w.signIn(t, policy.Consumer)
			if tc.want.keyReads > 0 {
				w.clock.Set(noon.Add(envelope.MaxKeyAge))
			}
			tc.fail(w)
			tc.want.code, tc.want.reason = apperr.ServiceUnavailable, "dependency_failed"
			for range 3 {
				got, identity := w.refused(t, minted.Reveal(), dashboard)
				if got != tc.want || identity != (session.Identity{}) {
					t.Errorf("refused with\n%+v, want\n%+v", got, tc.want)
				}
			}
			w.records.Mend()
			w.keys.Mend()
			w.kms.Mend()
			if _, err := w.authorizer.Authorize(t.Context(), minted, dashboard); err != nil {
				t.Errorf("it does not recover by itself: %v", err)
			}
		})
	}
}

func TestForgedTokensCostNothingOnceTheKeyIsKnown(t *testing.T) {
	w := newWorld()
	minted, _ := w.signIn(t, policy.Consumer)
	for n := range 1000 {
		w.refused(t, edited(t, minted, func(raw []byte) { raw[5+n%81] ^= byte(1 + n%255) }), dashboard)
		if reads := w.keys.Reads() + w.kms.Reads() + w.records.Reads(); reads != 0 {
			t.Fatalf("forgery %d caused %d reads", n, reads)
		}
	}
}

// opensNot is a ring that signs, and whose Open fails.
type opensNot struct {
	*envelope.Ring
	err error
}

func (k opensNot) Open(context.Context, uint32, uint8, []byte, []byte) ([]byte, bool, error) {
	return nil, false, k.err
}

func TestAKeyThatFailsAfterTheSignatureLetsNobodyIn(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want refusal
	}{
		{errDown, refusal{code: apperr.ServiceUnavailable, reason: "dependency_failed", recordReads: 1}},
		{apperr.Tampered("data_key_corrupt", errDown),
			refusal{code: apperr.Unauthenticated, reason: session.ReasonKeyCorrupt, alarm: true, recordReads: 1}},
	} {
		w := newWorld()
		minted, _ := w.signIn(t, policy.Consumer)
		ring := w.newRing()
		if _, ok, err := ring.Tag(t.Context(), envelope.Day(noon), 0, nil); !ok || err != nil {
			t.Fatal(ok, err)
		}
		w.authorizer = session.NewAuthorizer(opensNot{ring, tc.err}, w.records, w.clock.Now)
		if got, _ := w.refused(t, minted.Reveal(), dashboard); got != tc.want {
			t.Errorf("%v: refused with\n%+v, want\n%+v", tc.err, got, tc.want)
		}
	}
}

// unsigned returns a token in form, with a tag of zeros.
func unsigned(t testing.TB, claims token.Claims) string {
	t.Helper()
	minted, err := token.Mint(claims, func([]byte) (tag [token.TagSize]byte, err error) { return tag, nil })
	if err != nil {
		t.Fatal(err)
	}
	return minted.Reveal()
}
