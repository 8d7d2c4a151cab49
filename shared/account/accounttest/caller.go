package accounttest

import (
	"bytes"
	"context"
	"log/slog"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// Unsealed stands for the key that TOTP secrets are sealed under: what it seals stays as it is.
type Unsealed struct{}

// SealSecret implements account.SecretSealer.
func (Unsealed) SealSecret(_ context.Context, _ token.ID, plaintext []byte) ([]byte, error) {
	return bytes.Clone(plaintext), nil
}

// OpenSecret implements account.SecretOpener.
func (Unsealed) OpenSecret(_ context.Context, _ token.ID, sealed []byte) ([]byte, error) {
	return bytes.Clone(sealed), nil
}

// Changing returns what changes the credentials of an account that the caller has just signed in to, and the store that it is in. The
// caller's name, id, role and session are put into the account.
func Changing(caller session.Identity, a account.Account, now func() time.Time) (*Store, account.CredentialChanger) {
	store := NewStore()
	a.Username, a.UserID, a.Role, a.Status = caller.Username, caller.UserID, caller.Role, account.Active
	a.Sessions = map[token.ID]account.SessionEntry{caller.TokenID: {SessionID: caller.SessionID}}
	store.PutAccount(a)
	store.Add(session.Record{UserID: caller.UserID, TokenID: caller.TokenID, Username: caller.Username, Role: caller.Role})
	return store, account.CredentialChanger{Store: store, Opener: Unsealed{}, Now: now, Log: slog.New(slog.DiscardHandler)}
}
