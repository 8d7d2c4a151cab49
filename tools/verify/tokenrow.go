package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
)

// sealedSize is how long a sealed token is: header 5, nonce 12, the token's 124 characters, AES-GCM tag 16.
const sealedSize = 5 + 12 + tokenLength + 16

func tokenKey(t accessToken) map[string]string {
	return map[string]string{"user_id": t.userID, "token_id": t.tokenID}
}

func (r *run) tokenRows(ctx context.Context, s *store) (string, error) {
	for _, u := range r.users() {
		stored, err := s.get(ctx, "Tokens", tokenKey(u.token))
		if err != nil {
			return "", err
		}
		if err := checkTokenRow(stored, u.token, u.session); err != nil {
			return "", fmt.Errorf("%s's row in Tokens: %w", u.role, err)
		}
	}
	return fmt.Sprintf("%d rows, each with %d sealed bytes and no part of its token", len(r.users()), sealedSize), nil
}

// checkTokenRow checks the row of one token.
func checkTokenRow(stored row, token accessToken, session string) error {
	if stored == nil {
		return errors.New("there is none")
	}
	sealed, ok := stored.binary("sealed")
	switch {
	case !ok:
		return errors.New("there is no binary attribute sealed")
	case len(sealed) != sealedSize:
		return fmt.Errorf("sealed has %d bytes, want %d", len(sealed), sealedSize)
	case !bytes.Equal(sealed[:5], token.raw[:5]): // both begin with version, key day and generation
		return errors.New("sealed does not name the token's data key")
	}
	if id, _ := stored.text("session_id"); id != session {
		return errors.New("session_id is another one")
	}
	if expires, _ := stored.number("expires_at"); expires != strconv.FormatInt(token.expires, 10) {
		return errors.New("expires_at is not the token's")
	}
	known := newLeaks()
	known.add("token", token.secretPart())
	if _, path, found := known.findIn(stored); found {
		return fmt.Errorf("%s holds a part of the token's signature in clear", path)
	}
	return nil
}
