package account

import (
	"context"
	"errors"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

// ErrNoAccount means that nobody has the name.
var ErrNoAccount = errors.New("account: there is no account of that name")

// ChangeStore is what changing an account needs of a store.
type ChangeStore interface {
	Reader

	// ChangeAccount does all of the change, or nothing. ErrConflict means that the account is no longer as it was read. Any other
	// error means that the store could not answer.
	ChangeAccount(ctx context.Context, change Change) error
}

// Change is what happens to an account outside of sign-in, in one transaction: the account is written whole, or deleted, and the
// records of the ended sessions are deleted. A sign-in that read the account before is a conflict afterwards, and a challenge
// from before is void if the session version has risen: no session comes in behind a change's back.
type Change struct {
	Before *Account   // as read: its user id and revision must still hold; nil if nobody had the name
	After  *Account   // of the same name; nil if nobody is to have it. Not both are nil
	Ended  []token.ID // of the account's sessions and API tokens
}

// Of returns the account that the change is about, as it will be, or as it was if it is removed.
func (c Change) Of() Account {
	if c.After != nil {
		return *c.After
	}
	return *c.Before
}

// Changed is what a Changer has done.
type Changed struct {
	Account Account // as it is now; when removed, as it was
	Already bool    // it was so before, and nothing was changed
	Ended   int     // how many sessions and API tokens were listed, and are over; some may have expired before
}

// Changer changes accounts for whoever may: that is for its caller to know. Each change ends all sessions and API tokens of the
// account with it, at once, and voids its pending challenges. The error is ErrNoAccount, or its code is InvalidRequest (an impossible
// name), ServiceUnavailable, or Corrupt: the stored row is damaged.
type Changer struct{ store ChangeStore }

// NewChanger returns a Changer.
func NewChanger(store ChangeStore) *Changer { return &Changer{store} }

// EndSessions ends all sessions and API tokens of the account.
func (c *Changer) EndSessions(ctx context.Context, username string) (Changed, error) {
	return c.change(ctx, username, func(*Account) bool { return true })
}

// Disable keeps the account from signing in. From outside it looks like a wrong password.
func (c *Changer) Disable(ctx context.Context, username string) (Changed, error) {
	return c.change(ctx, username, func(a *Account) bool {
		already := a.Status == Disabled && len(a.Tokens()) == 0
		a.Status = Disabled
		return !already
	})
}

// Enable lets a disabled account sign in again. One that has never shown a second factor is pending again.
func (c *Changer) Enable(ctx context.Context, username string) (Changed, error) {
	return c.change(ctx, username, func(a *Account) bool {
		if a.Status != Disabled {
			return false
		}
		if a.Status = Active; a.LastTOTPStep == 0 && len(a.RecoveryCodes) == recoveryCodeCount {
			a.Status = Pending
		}
		return true
	})
}

// SetRole gives the account the named role. The error's code is also InvalidRequest for a name that is no role.
func (c *Changer) SetRole(ctx context.Context, username, roleName string) (Changed, error) {
	role, ok := policy.ParseRole(roleName)
	if !ok {
		return Changed{}, errRole()
	}
	return c.change(ctx, username, func(a *Account) bool {
		already := a.Role == role
		a.Role = role
		return !already
	})
}

// Remove deletes the account. Its name is free then.
func (c *Changer) Remove(ctx context.Context, username string) (Changed, error) {
	return c.repeat(ctx, username, func(before Account) (Changed, *Account, bool) { return Changed{Account: before}, nil, true })
}

// change ends all sessions and writes what edit makes of the account, unless that reports false: then it is so already.
func (c *Changer) change(ctx context.Context, username string, edit func(*Account) bool) (Changed, error) {
	return c.repeat(ctx, username, func(before Account) (Changed, *Account, bool) {
		after := before
		if !edit(&after) {
			return Changed{Account: before, Already: true}, nil, false
		}
		after.endSessions()
		return Changed{Account: after}, &after, true
	})
}

// endSessions empties the lists, voids pending challenges and an enrolment under way, and makes the account a new revision.
func (a *Account) endSessions() {
	a.Sessions, a.APITokens = map[token.ID]SessionEntry{}, map[token.ID]APITokenEntry{}
	a.EnrollingTOTPSecret, a.EnrollingExpiresAt = nil, 0
	a.SessionVersion++
	a.Revision++
}

// repeat reads the account, decides, and writes what was decided, until nothing comes in between.
func (c *Changer) repeat(
	ctx context.Context, username string, decide func(before Account) (done Changed, after *Account, write bool),
) (Changed, error) {
	canonical, err := Canonical(username)
	if err != nil {
		return Changed{}, err
	}
	for attempt := range maxAttempts {
		before, found, err := c.store.Account(ctx, canonical)
		switch {
		case err != nil:
			return Changed{}, apperr.Dependency(err)
		case !found:
			return Changed{}, ErrNoAccount
		}
		done, after, write := decide(before)
		if !write {
			return done, nil
		}
		ended := before.Tokens()
		err = c.store.ChangeAccount(ctx, Change{Before: &before, After: after, Ended: ended})
		if err == nil {
			done.Ended = len(ended)
			return done, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Changed{}, apperr.Dependency(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return Changed{}, err
		}
	}
	return Changed{}, apperr.Unavailable(ErrConflict)
}
