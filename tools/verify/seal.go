package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"

	"sallyport/shared/apperr"
	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/envelope"
	"sallyport/shared/kmskey"
	"sallyport/shared/token"
	"sallyport/tools/operator/stack"
)

// sealsOpen opens what is stored with the data key, which KMS unwraps. The keys come from the service's own packages; what the
// record is bound to is built here.
func (r *run) sealsOpen(ctx context.Context, s *store) (string, error) {
	ring := envelope.NewRing(keystore.New(s.database, s.tables["DataKeys"]), s.key(), s.stage, r.now, slog.New(slog.DiscardHandler))
	for _, u := range r.users() {
		stored, err := s.get(ctx, "Tokens", tokenKey(u.token))
		if err != nil {
			return "", err
		}
		sealed, ok := stored.binary("sealed")
		if !ok {
			return "", fmt.Errorf("%s's token has no row with a binary attribute sealed", u.role)
		}
		open := func(aad []byte) ([]byte, bool, error) {
			return ring.Open(ctx, u.token.keyDay, u.token.generation, sealed, aad)
		}
		opened, ok, err := open(u.recordAAD(u.token.userID))
		switch {
		case err != nil:
			return "", s.unopened(err)
		case !ok:
			return "", fmt.Errorf("%s's sealed token does not open under its data key (-stage %s)", u.role, s.stage)
		case string(opened) != u.token.text:
			return "", fmt.Errorf("%s's row holds another token", u.role)
		}
		if _, ok, err := open(u.recordAAD(r.another(u).token.userID)); err != nil || ok {
			return "", fmt.Errorf("%s's sealed token opens for another user", u.role)
		}
	}
	return fmt.Sprintf("%d opened under the data key that KMS unwrapped", len(r.users())), nil
}

// totpSecrets opens the stored secrets too.
func (r *run) totpSecrets(ctx context.Context, s *store) (string, error) {
	for _, u := range r.users() {
		stored, err := s.account(ctx, u)
		if err != nil {
			return "", err
		}
		sealed, ok := stored.binary("sealed_totp_secret")
		if !ok || len(sealed) <= len(u.app.key) {
			return "", fmt.Errorf("%s's account has no binary attribute sealed_totp_secret longer than the secret", u.role)
		}
		id, ok := token.ParseID(u.id)
		if !ok {
			return "", fmt.Errorf("%s's user id is none", u.role)
		}
		opened, err := s.key().OpenSecret(ctx, id, sealed)
		if err != nil {
			return "", s.unopened(err)
		}
		if !bytes.Equal(opened, u.app.key) {
			return "", fmt.Errorf("%s's sealed TOTP secret is another one", u.role)
		}
	}
	return fmt.Sprintf("%d opened by KMS, each for its own user", len(r.users())), nil
}

func (s *store) key() *kmskey.Key { return kmskey.New(s.keys, s.keyID, s.stage) }

// unopened tells a key that this user of AWS may not use, which is as it should be, from one that does not work.
func (s *store) unopened(err error) error {
	if stack.IsDenied(err) {
		return notLookedAtError{"your AWS credentials do not allow kms:Decrypt on the stack's key"}
	}
	if errors.Is(err, envelope.ErrCorrupt) || apperr.CodeOf(err) == apperr.Corrupt {
		return fmt.Errorf("KMS does not open it in stage %q: is that the stage (-stage)?", s.stage)
	}
	return stack.Explain("kms:Decrypt", err)
}

func (r *run) another(u *user) *user {
	if u == r.admin {
		return r.consumer
	}
	return r.admin
}

// sessionLife is how many seconds after its beginning a session ends, however often it is renewed.
const sessionLife = 12 * 60 * 60

// recordAAD is what the seal of the record of a token from a sign-in is bound to, each text after its length: purpose, kind, user
// id, token id, session id, username, role; and then in eight bytes each when the session began and the token was issued, its
// expiry, the session's limit, and two zeros: it was never renewed.
func (u *user) recordAAD(userID string) []byte {
	var aad []byte
	add := func(part []byte) {
		aad = binary.BigEndian.AppendUint32(aad, uint32(len(part))) //nolint:gosec // G115: parts are short
		aad = append(aad, part...)
	}
	user, _ := hex.DecodeString(userID) // parseToken has encoded it
	add([]byte("sallyport token record v2"))
	add([]byte("session"))
	add(user)
	add(u.token.raw[21:37])
	add([]byte(u.session))
	add([]byte(u.name))
	add([]byte(u.role))
	issued := binary.BigEndian.Uint64(u.token.raw[38:46])
	for _, number := range []uint64{issued, issued, uint64(u.token.expires), issued + sessionLife, 0, 0} { //nolint:gosec // G115: the bit pattern is the format
		aad = binary.BigEndian.AppendUint64(aad, number)
	}
	return aad
}
