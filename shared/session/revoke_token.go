package session

import (
	"context"

	"sallyport/shared/secret"
)

// TokenRevoker ends sessions and API tokens for whoever shows the token itself, and nothing else of them.
type TokenRevoker struct {
	authorizer *Authorizer
	revoker    *Revoker
}

// NewTokenRevoker returns a TokenRevoker.
func NewTokenRevoker(authorizer *Authorizer, revoker *Revoker) *TokenRevoker {
	return &TokenRevoker{authorizer, revoker}
}

// RevokeToken ends the session, or the API token, that a live token belongs to, and says whose it was: every request with a token of that
// session which starts after RevokeToken has returned nil is refused. A token that a renewal replaced a moment ago does too; one that
// was replaced before counts as stolen, as everywhere, and ends the session as well.
//
// The error's code is Unauthenticated: the token is not live, and there is nothing left to end; or ServiceUnavailable: the session may
// live, and the caller should try again.
func (r *TokenRevoker) RevokeToken(ctx context.Context, presented secret.Text) (Identity, error) {
	record, err := r.authorizer.IdentifyToEnd(ctx, presented)
	if err != nil {
		return Identity{}, err
	}
	identity := record.Identity()
	return identity, r.revoker.Revoke(ctx, identity)
}
