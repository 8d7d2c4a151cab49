package session

import (
	"context"
	"errors"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

// ErrRenewed means that the session has been renewed, or has ended, since its record was read.
var ErrRenewed = errors.New("session: renewed or ended since it was read")

// RenewStore is what renewing needs of a store.
type RenewStore interface {
	Records

	// ReplaceToken stores what renewing changes in a record, in one atomic step, if the record is there and its current token is
	// the one issued at before.IssuedAt, else ErrRenewed. Any other error means that the store could not answer.
	ReplaceToken(ctx context.Context, before, after Record) error
}

// RenewalKeys holds the keys that tokens are signed with and records sealed under.
type RenewalKeys interface {
	Keys
	IssuingKeys
}

// Renewer gives sessions new tokens.
type Renewer struct {
	store  RenewStore
	keys   RenewalKeys
	issuer *Issuer
	now    func() time.Time
}

// NewRenewer returns a Renewer whose tokens live for life, as an Issuer's do, and never beyond the session's limit.
func NewRenewer(store RenewStore, keys RenewalKeys, now func() time.Time, life time.Duration) *Renewer {
	return &Renewer{store: store, keys: keys, issuer: NewIssuer(keys, now, life), now: now}
}

// Renewed is a session with its new token.
type Renewed struct {
	AccessToken secret.Text
	ExpiresIn   time.Duration
	Identity    Identity
}

// maxRenewals is how often a renewal that meets another one is judged anew. The second time it finds what the other has done.
const maxRenewals = 3

// Renew replaces the token that identity was presented with by a new one. From then on the old one is refused, and if it is shown
// later than replacementGrace, the session ends. Until then Renew repeats its answer, so that one that was lost is not the end of a
// session, and of many renewals at once all get the one token that is current. The error's code is Unauthenticated: the session is
// over, or the token was replaced; TooManyRequests: it was renewed less than replacementGrace ago; ServiceUnavailable, or Corrupt.
func (r *Renewer) Renew(ctx context.Context, identity Identity) (Renewed, error) {
	for range maxRenewals {
		record, found, err := r.store.Record(ctx, identity.UserID, identity.TokenID)
		now := r.now()
		switch {
		case err != nil:
			return Renewed{}, apperr.Dependency(err)
		case !found, record.Kind != token.Access, identity.Kind != token.Access: // an API token lives as long as it was made for
			return Renewed{}, refused(ReasonRevoked)
		case record.ExpiresAt <= now.Unix():
			return Renewed{}, refused(ReasonRecordExpired)
		case identity.IssuedAt != record.IssuedAt:
			return r.repeat(ctx, identity, record, now)
		}
		if wait := record.renewableIn(now); wait > 0 {
			return Renewed{}, tooSoon(wait)
		}
		minted, after, err := r.issuer.renew(ctx, record)
		if err != nil {
			return Renewed{}, err
		}
		err = r.store.ReplaceToken(ctx, record, after)
		if err == nil {
			return renewed(minted, after, now), nil
		}
		if !errors.Is(err, ErrRenewed) {
			return Renewed{}, apperr.Dependency(err)
		}
	}
	return Renewed{}, apperr.Unavailable(ErrRenewed)
}

// repeat answers a renewal with a token that has been replaced meanwhile.
func (r *Renewer) repeat(ctx context.Context, identity Identity, record Record, now time.Time) (Renewed, error) {
	if !record.replacedJustNow(identity.IssuedAt, now) {
		return Renewed{}, refused(ReasonReplaced)
	}
	minted, err := current(ctx, r.keys, record)
	if err != nil {
		return Renewed{}, err
	}
	return renewed(minted, record, now), nil
}

func renewed(minted secret.Text, record Record, now time.Time) Renewed {
	return Renewed{
		AccessToken: minted, ExpiresIn: time.Duration(record.ExpiresAt-now.Unix()) * time.Second, Identity: record.Identity(),
	}
}

// tooSoon refuses a renewal that comes too early by wait.
func tooSoon(wait time.Duration) error {
	return &apperr.Error{
		Code: apperr.TooManyRequests, Detail: "This token was given out a moment ago. Wait as long as Retry-After says, then renew it.",
		Reason: "renewed_too_soon", RetryAfter: wait,
	}
}
