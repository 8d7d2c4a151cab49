package account

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"

	"sallyport/shared/apperr"
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

// FailureCounter counts the failures in a window of time whose rows can be written by many at once.
type FailureCounter interface {
	// CountFailure adds one to the subject's failures, in one atomic step, unless they have reached limit: then it reports
	// false and adds nothing. The row expires at the given time (Unix seconds).
	CountFailure(ctx context.Context, subject string, limit int, expiresAt int64) (bool, error)

	// ForgiveFailure takes one away.
	ForgiveFailure(ctx context.Context, subject string) error
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

// Limits on failures from one source address.
const (
	addressFailures = 100
	addressWindow   = 5 * time.Minute
)

// tooMany refuses an attempt that comes too early by wait.
func tooMany(wait time.Duration) error {
	return &apperr.Error{
		Code: apperr.TooManyRequests, Detail: "Too many failed attempts. Wait as long as Retry-After says, then try again.",
		Reason: "throttled", RetryAfter: wait,
	}
}

// UnthrottleStore is what forgetting failures needs of a store.
type UnthrottleStore interface {
	Reader
	Throttles
}

// Unthrottle forgets the failed passwords of a name and, if there is such an account, the failed codes of the account. Windows
// of addresses stay. It reports whether there is such an account. The errors are those of a Changer, ErrNoAccount aside.
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
	if err := store.ClearThrottle(ctx, codeSubject(account.UserID)); err != nil {
		return false, apperr.Dependency(err)
	}
	return true, nil
}

// What failures are counted under: a username, an account's codes, and an address in the window that ends at end (Unix seconds).
func nameSubject(canonical string) string { return subject("password", canonical) }
func codeSubject(userID token.ID) string  { return subject("code", userID.String()) }
func addressSubject(a string, end int64) string {
	return subject("address", network(a), strconv.FormatInt(end, 10))
}

// subject hashes its parts, each after its length, so that a row shows neither a name nor an address.
func subject(parts ...string) string {
	var b []byte
	for _, part := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part))) //nolint:gosec // G115: parts are bounded by the request's size
		b = append(b, part...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// network returns what is counted as one source: an IPv4 address, or an IPv6 network of 64 bits, which is the least that
// one subscriber gets (RFC 6177).
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String()
	}
	return ip.String()
}
