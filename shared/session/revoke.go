package session

import (
	"context"

	"sallyport/shared/apperr"
)

// Ender ends sessions in the store.
type Ender interface {
	// EndSession deletes the identity's token record and the session's entry in its account, both or neither. Ending a
	// session that has ended already is no error. An error means that the store could not answer, and the session may live.
	EndSession(ctx context.Context, identity Identity) error
}

// Revoker ends sessions before their time.
type Revoker struct{ store Ender }

// NewRevoker returns a Revoker.
func NewRevoker(store Ender) *Revoker { return &Revoker{store: store} }

// Revoke ends the session of identity: every request with its token that starts after Revoke has returned nil is refused.
// The error's code is ServiceUnavailable, and the caller should try again.
func (r *Revoker) Revoke(ctx context.Context, identity Identity) error {
	return apperr.Dependency(r.store.EndSession(ctx, identity))
}
