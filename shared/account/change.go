package account

import (
	"context"
	"errors"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// ErrNoAccount means that nobody has the name.
var ErrNoAccount = errors.New("account: there is no account of that name")

// ErrNotAdmin means that who makes a change is no active ADMIN.
var ErrNotAdmin = errors.New("account: who makes the change is no active ADMIN")

// ChangeStore is what changing an account needs of a store.
type ChangeStore interface {
	Reader

	// ChangeAccount does all of the change, or nothing. ErrSessionEnded and ErrNotAdmin are about change.By, and not worth another
	// attempt. ErrConflict means that the account is no longer as it was read. Any other error means that the store could not answer.
	ChangeAccount(ctx context.Context, change Change) error
}

// Change is what happens to an account outside of sign-in, in one transaction: the account is written whole, or deleted, and the
// records of the ended sessions are deleted. A sign-in that read the account before is a conflict afterwards, and a challenge
// from before is void if the session version has risen: no session comes in behind a change's back.
type Change struct {
	Before  *Account   // as read: its user id and revision must still hold; nil if nobody had the name
	After   *Account   // of the same name; nil if nobody is to have it. Not both are nil
	Ended   []token.ID // of the account's sessions and API tokens
	Forgets []string   // subjects of throttles whose failures are forgotten with it

	// By is the ADMIN who makes the change, and still is one, with this very session, when it happens. Nil: nobody has to be, since
	// it is the operator, or the account's owner.
	By *Actor
}

// Actor is an ADMIN who changes accounts, and the session that the ADMIN does it in.
type Actor struct {
	UserID   token.ID
	Username string // canonical
	TokenID  token.ID
}

// ActorOf returns the caller as an Actor. Whether the caller is one is found out when the change is made.
func ActorOf(caller session.Identity) Actor {
	return Actor{UserID: caller.UserID, Username: caller.Username, TokenID: caller.TokenID}
}

// IsActiveAdmin reports whether the account is one that may change others.
func (a Account) IsActiveAdmin() bool { return a.Status == Active && a.Role == policy.Admin }

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
	return c.change(ctx, username, (*Account).disable)
}

// Enable lets a disabled account sign in again. One that has never shown a second factor is pending again.
func (c *Changer) Enable(ctx context.Context, username string) (Changed, error) {
	return c.change(ctx, username, (*Account).enable)
}

// SetRole gives the account the named role. The error's code is also InvalidRequest for a name that is no role.
func (c *Changer) SetRole(ctx context.Context, username, roleName string) (Changed, error) {
	role, ok := policy.ParseRole(roleName)
	if !ok {
		return Changed{}, errRole()
	}
	return c.change(ctx, username, func(a *Account) bool { return a.setRole(role) })
}

// Remove deletes the account. Its name is free then.
func (c *Changer) Remove(ctx context.Context, username string) (Changed, error) {
	return c.repeat(ctx, username, remove)
}

// change ends all sessions and writes what edit makes of the account, unless that reports false: then it is so already.
func (c *Changer) change(ctx context.Context, username string, edit func(*Account) bool) (Changed, error) {
	return c.repeat(ctx, username, ending(edit))
}

func (c *Changer) repeat(ctx context.Context, username string, decide func(Account) (decision, error)) (Changed, error) {
	canonical, err := Canonical(username)
	if err != nil {
		return Changed{}, err
	}
	return changing{store: c.store, decide: decide, read: func(ctx context.Context) (Account, error) {
		return byName(ctx, c.store, canonical)
	}}.untilDone(ctx)
}

// byName returns the account of a canonical name. The error is ErrNoAccount, or has a code.
func byName(ctx context.Context, store Reader, username string) (Account, error) {
	found, there, err := store.Account(ctx, username)
	switch {
	case err != nil:
		return Account{}, apperr.Dependency(err)
	case !there:
		return Account{}, ErrNoAccount
	}
	return found, nil
}
