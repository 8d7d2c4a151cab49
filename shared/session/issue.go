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
	now := i.now().Unix()
	return i.mint(ctx, Record{
		UserID: holder.UserID, TokenID: token.NewID(), SessionID: token.NewID().String(),
		Username: holder.Username, Role: holder.Role,
		CreatedAt: now, IssuedAt: now, ExpiresAt: now + int64(i.life/time.Second), LimitAt: now + int64(MaxSessionLife/time.Second),
	})
}

// IssueAPIToken makes an API token that is good until expiresAt (Unix seconds, at most MaxAPITokenLife from now) for the given
// routes, or, without any, for all that API tokens of the holder's role may call. It returns what Issue returns.
func (i *Issuer) IssueAPIToken(ctx context.Context, holder Holder, expiresAt int64, routes []policy.Route) (secret.Text, Record, error) {
	now, id := i.now().Unix(), token.NewID()
	return i.mint(ctx, Record{
		Kind: token.API, UserID: holder.UserID, TokenID: id, SessionID: id.String(),
		Username: holder.Username, Role: holder.Role, Routes: routes,
		CreatedAt: now, IssuedAt: now, ExpiresAt: expiresAt, LimitAt: expiresAt,
	})
}

// renew returns the next token of a session, and its record. The token is issued at a later second than the one that it replaces,
// if need be at the next one.
func (i *Issuer) renew(ctx context.Context, record Record) (secret.Text, Record, error) {
	now := i.now()
	record.PreviousIssuedAt, record.RenewedAt = record.IssuedAt, now.UnixMilli()
	record.IssuedAt = max(now.Unix(), record.PreviousIssuedAt+1)
	record.ExpiresAt = min(now.Unix()+int64(i.life/time.Second), record.LimitAt)
	return i.mint(ctx, record)
}

// mint makes the token that the record says, and seals it into the record.
func (i *Issuer) mint(ctx context.Context, record Record) (secret.Text, Record, error) {
	day, generation, err := i.keys.Current(ctx)
	if err != nil {
		return secret.Text{}, Record{}, apperr.Dependency(err)
	}
	minted, err := token.Mint(token.Claims{
		Kind: record.Kind, KeyDay: day, Generation: generation,
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
