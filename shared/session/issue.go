package session

import (
	"context"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

// IssuingKeys holds the keys that new tokens are signed with and their records sealed under.
type IssuingKeys interface {
	// Current returns the day and generation of the key to use now, and makes it if need be. It sees a key that was shredded
	// a moment ago.
	Current(ctx context.Context) (day uint32, generation uint8, err error)
	SigningKey(ctx context.Context, day uint32, generation uint8) (key []byte, ok bool, err error)
	Seal(ctx context.Context, day uint32, generation uint8, plaintext, aad []byte) (sealed []byte, err error)
}

// Holder is the account that a session is for.
type Holder struct {
	UserID   token.ID
	Username string // canonical
	Role     policy.Role
}

// Issuer makes access tokens and their records. It is safe for concurrent use.
type Issuer struct {
	keys IssuingKeys
	now  func() time.Time
	life time.Duration
}

// NewIssuer returns an Issuer of tokens that live for life, whole seconds from 1 s to MaxTokenLife.
func NewIssuer(keys IssuingKeys, now func() time.Time, life time.Duration) *Issuer {
	return &Issuer{keys: keys, now: now, life: life}
}

// Life returns how long a token lives.
func (i *Issuer) Life() time.Duration { return i.life }

// Issue begins a session: it returns a token and the record that must be stored for the token to work. An error means that
// the key service could not answer.
func (i *Issuer) Issue(ctx context.Context, holder Holder) (secret.Text, Record, error) {
	day, generation, err := i.keys.Current(ctx)
	if err != nil {
		return secret.Text{}, Record{}, apperr.Dependency(err)
	}
	signingKey, ok, err := i.keys.SigningKey(ctx, day, generation)
	if err != nil {
		return secret.Text{}, Record{}, apperr.Dependency(err)
	}
	if !ok { // shredded since Current; the caller may try again
		return secret.Text{}, Record{}, apperr.Unavailable(nil)
	}
	issued := i.now().Unix()
	record := Record{
		UserID: holder.UserID, TokenID: token.NewID(), SessionID: token.NewID().String(),
		Username: holder.Username, Role: holder.Role,
		IssuedAt: issued, ExpiresAt: issued + int64(i.life/time.Second),
	}
	minted := token.Mint(signingKey, token.Claims{
		KeyDay: day, Generation: generation,
		UserID: record.UserID, TokenID: record.TokenID, Role: uint8(record.Role),
		Issued: record.IssuedAt, Expires: record.ExpiresAt,
	})
	record.Sealed, err = i.keys.Seal(ctx, day, generation, []byte(minted.Reveal()), record.aad())
	if err != nil {
		return secret.Text{}, Record{}, apperr.Dependency(err)
	}
	return minted, record, nil
}
