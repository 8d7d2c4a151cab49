package account

import (
	"context"
	"errors"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

// Finder finds accounts by their user ids.
type Finder interface {
	Reader

	// Username returns the name of the account with this user id, and false if there is none. The answer may be some moments old: it
	// says where to look, and whoever decides anything reads the account of that name. An error means that the store could not answer.
	Username(ctx context.Context, userID token.ID) (string, bool, error)
}

// AdministrationStore is what an Administrator needs of a store.
type AdministrationStore interface {
	Finder
	ChangeStore
}

// Administrator changes accounts on behalf of ADMINs, who know them by their user ids. No ADMIN takes from oneself what makes one an
// ADMIN: another has to. So one is always left who can, since of two that do it to each other at once one comes too late (Change.By).
//
// The error's code is NotFound: there is no such account; Forbidden: one would do it to oneself, or is no ADMIN any more; Unauthenticated:
// one's session has ended; ServiceUnavailable, or Corrupt: a stored row is damaged.
type Administrator struct{ store AdministrationStore }

// NewAdministrator returns an Administrator.
func NewAdministrator(store AdministrationStore) *Administrator { return &Administrator{store} }

// Edit is what an ADMIN changes of an account; nil is left as it is.
type Edit struct {
	Role   *string // a role's name
	Status *string // "active" or "disabled"
}

// Edit changes the account's role, its status or both in one step, and ends its sessions and API tokens with it, unless it is so already.
// An account that is made active without ever having shown a second factor is pending again. The error's code is also InvalidRequest.
func (a *Administrator) Edit(ctx context.Context, by Actor, userID token.ID, edit Edit) (Changed, error) {
	role, status, err := edit.check()
	if err != nil {
		return Changed{}, err
	}
	if by.UserID == userID {
		return Changed{}, errOneself(userID)
	}
	return a.change(ctx, by, userID, ending(func(account *Account) bool {
		changed := false
		if role != nil {
			changed = account.setRole(*role)
		}
		switch status {
		case Disabled:
			changed = account.disable() || changed
		case Active:
			changed = account.enable() || changed
		case Pending:
		}
		return changed
	}))
}

// check returns the role, nil for none, and the status, empty for none.
func (e Edit) check() (*policy.Role, Status, error) {
	if e.Role == nil && e.Status == nil {
		return nil, "", apperr.New(apperr.InvalidRequest, "Send role, status or both.")
	}
	var role *policy.Role
	if e.Role != nil {
		parsed, ok := policy.ParseRole(*e.Role)
		if !ok {
			return nil, "", errRole()
		}
		role = &parsed
	}
	if e.Status == nil {
		return role, "", nil
	}
	status := Status(*e.Status)
	if status != Active && status != Disabled {
		return nil, "", apperr.New(apperr.InvalidRequest, "The status must be active or disabled.")
	}
	return role, status, nil
}

// EndSessions ends all sessions and API tokens of the account, which may be one's own.
func (a *Administrator) EndSessions(ctx context.Context, by Actor, userID token.ID) (Changed, error) {
	return a.change(ctx, by, userID, ending(func(*Account) bool { return true }))
}

func (a *Administrator) change(ctx context.Context, by Actor, userID token.ID, decide func(Account) (decision, error)) (Changed, error) {
	done, err := changing{store: a.store, by: &by, decide: decide, read: func(ctx context.Context) (Account, error) {
		return byID(ctx, a.store, userID)
	}}.untilDone(ctx)
	return done, aboutAccount(err, userID)
}

// byID returns the account with the user id. The error's code is NotFound, ServiceUnavailable or Corrupt.
func byID(ctx context.Context, store Finder, userID token.ID) (Account, error) {
	username, found, err := store.Username(ctx, userID)
	switch {
	case err != nil:
		return Account{}, apperr.Dependency(err)
	case !found:
		return Account{}, errNoSuchAccount()
	}
	account, err := byName(ctx, store, username)
	if errors.Is(err, ErrNoAccount) || err == nil && account.UserID != userID {
		return Account{}, errNoSuchAccount() // removed, or its name is another's, since the index was written
	}
	return account, err
}

// NoSuchAccount is what a caller is told whose id is no account's.
const NoSuchAccount = "There is no such account."

func errNoSuchAccount() error { return apperr.New(apperr.NotFound, NoSuchAccount) }

func errOneself(userID token.ID) error {
	return aboutAccount(apperr.Refuse(apperr.Forbidden, "Another ADMIN must do this to your account.", "on_oneself"), userID)
}

// aboutAccount notes for log and audit whose account it was about. One that there is not is nobody's.
func aboutAccount(err error, userID token.ID) error {
	if err == nil || apperr.CodeOf(err) == apperr.NotFound {
		return err
	}
	noted := *apperr.From(err)
	noted.UserID = userID.String()
	return &noted
}
