package account

import (
	"context"
	"regexp"
	"time"

	"sallyport/shared/apperr"
)

// InvitationStore is what looking after invitations needs of a store.
type InvitationStore interface {
	// Invitations returns a page of the invitations that are good at now (Unix seconds), and where the next page begins, with all that
	// DirectoryStore says of pages.
	Invitations(ctx context.Context, now int64, page Page) (invitations []Invitation, next string, err error)

	// WithdrawInvitation deletes the invitation, and reports false if there is none that is good at now (Unix seconds). An error means
	// that the store could not answer.
	WithdrawInvitation(ctx context.Context, codeHash string, now int64) (bool, error)
}

// Invitations looks after the invitations that nobody has used yet. It knows them by the hashes of their codes, from which no code is
// found. Whether the caller may is for the edge to know.
type Invitations struct {
	store InvitationStore
	now   func() time.Time
}

// NewInvitations returns an Invitations.
func NewInvitations(store InvitationStore, now func() time.Time) *Invitations {
	return &Invitations{store: store, now: now}
}

// List returns a page of the invitations that are good now. The error's code is InvalidRequest: the cursor is none of this list;
// ServiceUnavailable or Corrupt.
func (i *Invitations) List(ctx context.Context, page Page) (invitations []Invitation, next string, err error) {
	invitations, next, err = i.store.Invitations(ctx, i.now().Unix(), page)
	return invitations, next, apperr.Dependency(err)
}

// Withdraw makes the invitation good for nothing. An account that was made with it stays. The error's code is NotFound: it was used, has
// expired, was withdrawn, or never was; or ServiceUnavailable.
func (i *Invitations) Withdraw(ctx context.Context, codeHash string) error {
	withdrawn := false
	if isInvitationHash(codeHash) {
		var err error
		if withdrawn, err = i.store.WithdrawInvitation(ctx, codeHash, i.now().Unix()); err != nil {
			return apperr.Dependency(err)
		}
	}
	if !withdrawn {
		return apperr.New(apperr.NotFound, "There is no such invitation.")
	}
	return nil
}

// isInvitationHash reports whether it has the form that invitationHash gives.
func isInvitationHash(text string) bool {
	return regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(text)
}
