package session_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"pgregory.net/rapid"

	"sallyport/shared/apperr"
	"sallyport/shared/envelope"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

func TestAFrozenSessionIsStillAccepted(t *testing.T) {
	content, err := os.ReadFile("testdata/record.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		DataKey    hexBytes `json:"data_key"`
		Stage      string
		KeyDay     uint32 `json:"key_day"`
		Generation uint8
		Token      string
		UserID     hexBytes `json:"user_id"`
		TokenID    hexBytes `json:"token_id"`
		SessionID  string   `json:"session_id"`
		Username   string
		Role       string
		CreatedAt  int64 `json:"created_at"`
		IssuedAt   int64 `json:"issued_at"`
		ExpiresAt  int64 `json:"expires_at"`
		LimitAt    int64 `json:"limit_at"`
		Sealed     hexBytes
	}
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	role, ok := policy.ParseRole(v.Role)
	if !ok || v.Stage != stage {
		t.Fatal(v.Role, v.Stage)
	}
	w := newWorld()
	w.keys.Put(envelope.WrappedKey{Day: v.KeyDay, Generation: v.Generation, Wrapped: w.kms.Wrap(v.KeyDay, v.Generation, v.DataKey)})
	record := session.Record{
		UserID: token.ID(v.UserID), TokenID: token.ID(v.TokenID), SessionID: v.SessionID, Username: v.Username, Role: role,
		CreatedAt: v.CreatedAt, IssuedAt: v.IssuedAt, ExpiresAt: v.ExpiresAt, LimitAt: v.LimitAt, Sealed: v.Sealed,
	}
	w.records.Add(record)
	identity, err := w.authorizer.Authorize(t.Context(), secret.New(v.Token), policy.Route{API: policy.Own, Method: "GET", Resource: "/developer_resource"})
	if err != nil {
		t.Fatal(err)
	}
	if want := (session.Identity{
		UserID: record.UserID, TokenID: record.TokenID, SessionID: v.SessionID, Username: "zoë", Role: policy.Developer,
		IssuedAt: v.IssuedAt, ExpiresAt: v.ExpiresAt,
	}); identity != want {
		t.Errorf("it lets in %+v, want %+v", identity, want)
	}
}

func TestAnyChangeOfRecordOrTokenIsRefused(t *testing.T) {
	w := newWorld()
	minted, genuine := w.signIn(t, policy.Consumer)
	key := sessiontest.Key{UserID: genuine.UserID, TokenID: genuine.TokenID}
	put := func(record session.Record) {
		w.records.Step(func(records map[sessiontest.Key]session.Record) { records[key] = record })
	}
	rapid.Check(t, func(t *rapid.T) {
		presented, record := []byte(minted.Reveal()), genuine
		record.Sealed = append([]byte(nil), genuine.Sealed...)
		flip := func(b []byte) {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= rapid.ByteRange(1, 255).Draw(t, "by")
		}
		// A later IssuedAt is not among them: it makes the token look replaced, which ends the session.
		rapid.OneOf(
			rapid.Just(func() { flip(presented) }),
			rapid.Just(func() { flip(record.Sealed) }),
			rapid.Just(func() { record.Sealed = record.Sealed[:rapid.IntRange(0, len(record.Sealed)-1).Draw(t, "length")] }),
			rapid.Just(func() { record.Sealed = append(record.Sealed, rapid.Byte().Draw(t, "more")) }),
			rapid.Just(func() { flip(record.UserID[:]) }),
			rapid.Just(func() { flip(record.TokenID[:]) }),
			rapid.Just(func() { record.SessionID = rapid.String().Draw(t, "session id") }),
			rapid.Just(func() { record.Username = rapid.StringMatching(`[a-z]{0,9}|alice.`).Draw(t, "username") + "!" }),
			rapid.Just(func() { record.Role += policy.Role(rapid.ByteRange(1, 255).Draw(t, "role")) }),
			rapid.Just(func() { record.ExpiresAt += rapid.Int64Min(1).Draw(t, "expiry") }),
			rapid.Just(func() { record.CreatedAt += rapid.Int64Min(1).Draw(t, "created") }),
			rapid.Just(func() { record.LimitAt += rapid.Int64Min(1).Draw(t, "limit") }),
			rapid.Just(func() { record.IssuedAt -= rapid.Int64Min(1).Draw(t, "issued") }),
			rapid.Just(func() { record.RenewedAt += rapid.Int64Min(1).Draw(t, "renewed") }),
			rapid.Just(func() { record.PreviousIssuedAt += rapid.Int64Min(1).Draw(t, "previous") }),
			rapid.Just(func() { record.Kind = token.API }),
			rapid.Just(func() { record.Routes = append(record.Routes, dashboard) }),
		).Draw(t, "change")()
		put(record)
		identity, err := w.authorizer.Authorize(t.Context(), secret.New(string(presented)), dashboard)
		if apperr.CodeOf(err) != apperr.Unauthenticated || identity != (session.Identity{}) {
			t.Fatalf("%+v, %v, want Unauthenticated", identity, err)
		}
	})
	put(genuine)
	if _, err := w.authorizer.Authorize(t.Context(), minted, dashboard); err != nil {
		t.Fatalf("and unchanged: %v", err)
	}
}
