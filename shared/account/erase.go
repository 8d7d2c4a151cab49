package account

import (
	"context"

	"sallyport/shared/apperr"
	"sallyport/shared/token"
)

// EraseStore is what erasing an account needs of a store. Errors mean that it could not answer.
type EraseStore interface {
	AdministrationStore

	// DeleteChallenges deletes the challenges of the user.
	DeleteChallenges(ctx context.Context, userID token.ID) error

	// DeleteTokens deletes the token records of the user, those too that no list has: an expired one has left it, and DynamoDB deletes it
	// days later.
	DeleteTokens(ctx context.Context, userID token.ID) error
}

// Forgetter keeps what happened, and forgets to whom.
type Forgetter interface {
	// Forget takes from the events about an account, and from those of what its owner did to others, what could lead back to a person: what
	// stays names the account by its user id alone. It does a bounded number at a call, and reports whether it found no more. An error means
	// that the store could not answer; some may be done.
	Forget(ctx context.Context, accountID string) (done bool, err error)
}

// Eraser removes accounts with everything that is known of their owners.
type Eraser struct {
	Store EraseStore
	Trail Forgetter
}

// Erase removes the account, and leaves nothing of its owner but audit events under the user id. Its steps are in an order in which each
// can be cut short: the account is disabled first, so that nothing of its owner comes in any more, and goes last, so that whoever asks
// again finds it and finishes. A sign-in that had read the account before it was disabled may still leave a challenge behind, which expires
// within minutes. The error is as an Administrator's; after ServiceUnavailable it is to be asked again.
func (e *Eraser) Erase(ctx context.Context, by Actor, userID token.ID) error {
	if by.UserID == userID {
		return errOneself(userID)
	}
	administrator := NewAdministrator(e.Store)
	if _, err := administrator.change(ctx, by, userID, ending((*Account).disable)); err != nil {
		return err
	}
	if err := e.forget(ctx, userID); err != nil {
		return aboutAccount(apperr.Dependency(err), userID)
	}
	if err := e.Store.DeleteChallenges(ctx, userID); err != nil {
		return aboutAccount(apperr.Dependency(err), userID)
	}
	if err := e.Store.DeleteTokens(ctx, userID); err != nil {
		return aboutAccount(apperr.Dependency(err), userID)
	}
	_, err := administrator.change(ctx, by, userID, func(before Account) (decision, error) {
		return decision{forgets: append(before.subjects(), nameSubject(before.Username))}, nil
	})
	return err
}

// forget goes on until nothing is left to forget, or ctx ends.
func (e *Eraser) forget(ctx context.Context, userID token.ID) error {
	for {
		if done, err := e.Trail.Forget(ctx, userID.String()); done || err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
