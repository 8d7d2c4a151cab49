package account

import (
	"context"
	"errors"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// decision is what is to become of an account.
type decision struct {
	already bool     // it is so: nothing is written
	after   *Account // nil: it goes
	forgets []string // as Change has it
}

// ending decides that all sessions and API tokens end, with what edit makes of the account, unless that reports false.
func ending(edit func(*Account) bool) func(Account) (decision, error) {
	return func(before Account) (decision, error) {
		after := before
		if !edit(&after) {
			return decision{already: true}, nil
		}
		after.endSessions()
		return decision{after: &after}, nil
	}
}

func remove(Account) (decision, error) { return decision{}, nil }

// The edits report whether they changed anything.

func (a *Account) disable() bool {
	already := a.Status == Disabled && len(a.Tokens()) == 0
	a.Status = Disabled
	return !already
}

func (a *Account) enable() bool {
	if a.Status != Disabled {
		return false
	}
	if a.Status = Active; a.neverSignedIn() {
		a.Status = Pending
	}
	return true
}

// neverSignedIn reports whether no second factor has ever been shown.
func (a *Account) neverSignedIn() bool {
	return a.Status == Pending || a.LastTOTPStep == 0 && len(a.RecoveryCodes) == recoveryCodeCount
}

func (a *Account) setRole(role policy.Role) bool {
	already := a.Role == role
	a.Role = role
	return !already
}

// endSessions empties the lists, voids pending challenges and an enrolment under way, and makes the account a new revision.
func (a *Account) endSessions() {
	a.Sessions, a.APITokens = map[token.ID]SessionEntry{}, map[token.ID]APITokenEntry{}
	a.EnrollingTOTPSecret, a.EnrollingExpiresAt = nil, 0
	a.SessionVersion++
	a.Revision++
}

// changing is a change under way.
type changing struct {
	store  ChangeStore
	by     *Actor
	read   func(ctx context.Context) (Account, error) // the account as of now
	decide func(before Account) (decision, error)
}

// untilDone reads the account, decides, and writes what was decided, until nothing comes in between. Its error is read's or decide's, or
// what writing fails with.
func (c changing) untilDone(ctx context.Context) (Changed, error) {
	for attempt := range maxAttempts {
		before, err := c.read(ctx)
		if err != nil {
			return Changed{}, err
		}
		decided, err := c.decide(before)
		switch {
		case err != nil:
			return Changed{}, err
		case decided.already:
			return Changed{Account: before, Already: true}, nil
		}
		change := Change{Before: &before, After: decided.after, Ended: before.Tokens(), Forgets: decided.forgets, By: c.by}
		err = c.store.ChangeAccount(ctx, change)
		if err == nil {
			return Changed{Account: change.Of(), Ended: len(change.Ended)}, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Changed{}, notBy(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return Changed{}, err
		}
	}
	return Changed{}, apperr.Unavailable(ErrConflict)
}

// notBy says what the caller has to know of a change that failed: the authorizer let the request in, and then the caller's session, role
// or account ended before the change was made.
func notBy(err error) error {
	switch {
	case errors.Is(err, ErrSessionEnded):
		return errSessionEnded()
	case errors.Is(err, ErrNotAdmin):
		return apperr.Refuse(apperr.Forbidden, session.RoleMayNot, "actor_not_admin")
	}
	return apperr.Dependency(err)
}
