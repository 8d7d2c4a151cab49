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
	Tag(ctx context.Context, day uint32, generation uint8, message []byte) (tag [token.TagSize]byte, ok bool, err error)
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

// Issue begins a session: it returns a token and the record that must be stored for the token to work. An error with code
// apperr.Corrupt means that the day's key is damaged, and any other that the key service could not answer.
func (i *Issuer) Issue(ctx context.Context, holder Holder) (secret.Text, Record, error) {
	day, generation, err := i.keys.Current(ctx)
	if err != nil {
		return secret.Text{}, Record{}, apperr.Dependency(err)
	}
	issued := i.now().Unix()
	record := Record{
		UserID: holder.UserID, TokenID: token.NewID(), SessionID: token.NewID().String(),
		Username: holder.Username, Role: holder.Role,
		IssuedAt: issued, ExpiresAt: issued + int64(i.life/time.Second),
	}
	minted, err := token.Mint(token.Claims{
		KeyDay: day, Generation: generation,
		UserID: record.UserID, TokenID: record.TokenID, Role: uint8(record.Role),
		Issued: record.IssuedAt, Expires: record.ExpiresAt,
	}, func(message []byte) ([token.TagSize]byte, error) {
		tag, ok, err := i.keys.Tag(ctx, day, generation, message)
		if err == nil && !ok { // shredded since Current; the caller may try again
			err = apperr.Unavailable(nil)
		}
		return tag, err
	})
	if err != nil {
		return secret.Text{}, Record{}, apperr.Dependency(err)
	}
	record.Sealed, err = i.keys.Seal(ctx, day, generation, []byte(minted.Reveal()), record.aad())
	if err != nil {
		return secret.Text{}, Record{}, apperr.Dependency(err)
	}
	return minted, record, nil
}
