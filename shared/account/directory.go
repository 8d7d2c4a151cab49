package account

import (
	"context"
	"errors"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

// Page is which part of a list is asked for.
type Page struct {
	Limit  int    // the most entries
	Cursor string // what the page before gave as its next; empty for the first
}

// Listed is what a list says of an account.
type Listed struct {
	UserID    token.ID
	Username  string // canonical
	Role      policy.Role
	Status    Status
	CreatedAt int64 // Unix seconds
}

// Listed returns what a list says of the account.
func (a Account) Listed() Listed {
	return Listed{UserID: a.UserID, Username: a.Username, Role: a.Role, Status: a.Status, CreatedAt: a.CreatedAt}
}

// Filter is which accounts a list is to have. What is empty or nil says nothing.
type Filter struct {
	Role   *policy.Role
	Status Status
}

// Matches reports whether the account is one of those.
func (f Filter) Matches(a Listed) bool {
	return (f.Role == nil || *f.Role == a.Role) && (f.Status == "" || f.Status == a.Status)
}

// DirectoryStore is what a Directory needs of a store.
type DirectoryStore interface {
	Finder

	// Accounts returns a page of the accounts that the filter lets through, in no order that means anything, and where the next page
	// begins: empty if this is the last. A page can be short, even empty, and not be the last. An account that is there all the time
	// while the pages are read is in exactly one of them. The error's code is InvalidRequest: the cursor is none of this list; or
	// Corrupt, or that the store could not answer.
	Accounts(ctx context.Context, filter Filter, page Page) (accounts []Listed, next string, err error)
}

// Directory lists and finds accounts. Whether the caller may see them is for the edge to know.
type Directory struct{ store DirectoryStore }

// NewDirectory returns a Directory.
func NewDirectory(store DirectoryStore) *Directory { return &Directory{store} }

// Search is what accounts are looked for by: all that is given must hold. Nil says nothing.
type Search struct {
	Username *string // in any spelling that /login takes for it: finds at most one account
	Role     *string
	Status   *string // "pending", "active" or "disabled"
}

// Accounts returns a page of the accounts looked for, as DirectoryStore's Accounts does. The error's code is InvalidRequest,
// ServiceUnavailable or Corrupt.
func (d *Directory) Accounts(ctx context.Context, search Search, page Page) (accounts []Listed, next string, err error) {
	filter, err := search.filter()
	if err != nil {
		return nil, "", err
	}
	if search.Username != nil {
		accounts, err = d.named(ctx, *search.Username, filter, page)
		return accounts, "", err
	}
	accounts, next, err = d.store.Accounts(ctx, filter, page)
	return accounts, next, apperr.Dependency(err)
}

func (s Search) filter() (Filter, error) {
	filter := Filter{}
	if s.Role != nil {
		role, ok := policy.ParseRole(*s.Role)
		if !ok {
			return Filter{}, errRole()
		}
		filter.Role = &role
	}
	if s.Status == nil {
		return filter, nil
	}
	switch filter.Status = Status(*s.Status); filter.Status {
	case Pending, Active, Disabled:
		return filter, nil
	}
	return Filter{}, apperr.New(apperr.InvalidRequest, "The status must be pending, active or disabled.")
}

// named returns the account of that name, if there is one and the filter lets it through. An impossible name is nobody's.
func (d *Directory) named(ctx context.Context, username string, filter Filter, page Page) ([]Listed, error) {
	if page.Cursor != "" {
		return nil, apperr.New(apperr.InvalidRequest, "A search for one name has no further pages. Leave the cursor out.")
	}
	canonical, err := Canonical(username)
	if err != nil {
		return nil, nil //nolint:nilerr // there can be no such account, and that is the answer
	}
	found, err := byName(ctx, d.store, canonical)
	if errors.Is(err, ErrNoAccount) || err == nil && !filter.Matches(found.Listed()) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []Listed{found.Listed()}, nil
}

// Account returns the account with the user id. The error's code is NotFound, ServiceUnavailable or Corrupt.
func (d *Directory) Account(ctx context.Context, userID token.ID) (Account, error) {
	found, err := byID(ctx, d.store, userID)
	return found, aboutAccount(err, userID)
}
