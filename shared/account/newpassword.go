package account

import (
	"context"

	"sallyport/shared/apperr"
	"sallyport/shared/password"
	"sallyport/shared/secret"
)

// BreachList knows passwords that have been found in breaches elsewhere.
type BreachList interface {
	// Has reports whether the password is on the list. When it cannot be asked, it says so in the log and reports false: a
	// list elsewhere must not be able to keep people from setting passwords.
	Has(ctx context.Context, p password.Plain) bool
}

// prepare reads a password that somebody wants to set. The error's code is InvalidRequest.
func prepare(text secret.Text, username string, strength func(password.Plain, string) error) (password.Plain, error) {
	plain, err := password.Prepare(text)
	if err == nil {
		err = strength(plain, username)
	}
	if err != nil {
		return password.Plain{}, &apperr.Error{Code: apperr.InvalidRequest, Detail: sentence(err), Err: err}
	}
	return plain, nil
}

// refuseBreached refuses what is on the list, nil for none. It asks a service elsewhere, so it comes after whatever else could refuse
// the request. The error's code is InvalidRequest.
func refuseBreached(ctx context.Context, list BreachList, plain password.Plain) error {
	if list == nil || !list.Has(ctx, plain) {
		return nil
	}
	return &apperr.Error{Code: apperr.InvalidRequest, Detail: sentence(password.ErrBreached), Err: password.ErrBreached}
}
