package account

import (
	"context"
	"log/slog"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/throttle"
	"sallyport/shared/token"
)

// Throttle is what is known of one subject's failures in a row. The zero Throttle is a subject without any.
type Throttle struct {
	Failures     int
	BlockedUntil int64 // Unix milliseconds, since some waits are a second: no attempt is judged before
	ExpiresAt    int64 // Unix seconds: from this second on the failures are forgotten
}

// Throttles keeps failures, of subjects that exist and of subjects that do not. Errors other than ErrConflict mean that the
// store could not answer, or, with code apperr.Corrupt, that the row is damaged.
type Throttles interface {
	// Throttle returns the subject's row as of now (strongly consistent), zero if there is none.
	Throttle(ctx context.Context, subject string) (Throttle, error)

	// SetThrottle replaces the row by next if it is still as seen, else ErrConflict. A zero next deletes it.
	SetThrottle(ctx context.Context, subject string, seen, next Throttle) error

	// ClearThrottle deletes the row, whatever it says.
	ClearThrottle(ctx context.Context, subject string) error
}

// delays is how the wait grows with the failures in a row.
type delays struct {
	free  int           // failures without a wait
	first time.Duration // the wait that the next failure starts; it doubles with each one after
	most  time.Duration
}

const forgetAfter = 24 * time.Hour

// Failed passwords and failed codes are counted apart, so that guessing one does not use up the other.
func passwordDelays() delays { return delays{free: 5, first: time.Second, most: 900 * time.Second} }
func codeDelays() delays     { return delays{free: 4, first: 30 * time.Second, most: 900 * time.Second} }

// after returns the wait that starts with so many failures in a row, zero for none.
func (d delays) after(failures int) time.Duration {
	if failures <= d.free {
		return 0
	}
	wait := d.first
	for range failures - d.free - 1 {
		if wait *= 2; wait >= d.most {
			return d.most
		}
	}
	return wait
}

// failuresPerAddress is how many wrong passwords, and how many wrong codes, one address may send in a throttle.Window. People behind
// one address share them: an office of a thousand may mistype a hundred times in five minutes.
const failuresPerAddress = 100

// passwordsByAddress limits guesses at passwords, on whichever route: a second one is no second allowance.
func passwordsByAddress(counter throttle.Counter, now func() time.Time, log *slog.Logger) throttle.Addresses {
	return throttle.Addresses{Counter: counter, Route: "login", Most: failuresPerAddress, Counts: throttle.Guesses, Now: now, Log: log}
}

// UnthrottleStore is what forgetting failures needs of a store.
type UnthrottleStore interface {
	Reader
	Throttles
}

// Unthrottle forgets the failed passwords of a name and, if there is such an account, those at its places and the failed codes of the
// account. Windows of addresses stay. It reports whether there is such an account. The errors are those of a Changer, ErrNoAccount aside.
func Unthrottle(ctx context.Context, store UnthrottleStore, username string) (bool, error) {
	canonical, err := Canonical(username)
	if err != nil {
		return false, err
	}
	if err := store.ClearThrottle(ctx, nameSubject(canonical)); err != nil {
		return false, apperr.Dependency(err)
	}
	account, found, err := store.Account(ctx, canonical)
	if err != nil {
		return false, apperr.Dependency(err)
	}
	if !found {
		return false, nil
	}
	for _, subject := range account.subjects() {
		if err := store.ClearThrottle(ctx, subject); err != nil {
			return false, apperr.Dependency(err)
		}
	}
	return true, nil
}

// subjects returns what failures are counted under that is the account's own: not its name, which others can have after it.
func (a Account) subjects() []string {
	subjects := []string{codeSubject(a.UserID)}
	for place := range a.Places {
		subjects = append(subjects, placeSubject(place))
	}
	return subjects
}

// What failures are counted under: a username, one of an account's places, and an account's codes.
func nameSubject(canonical string) string { return throttle.Subject("password", canonical) }
func placeSubject(place string) string    { return throttle.Subject("password at", place) }
func codeSubject(userID token.ID) string  { return throttle.Subject("code", userID.String()) }
