// Package throttle limits what one source address may do on a route that anybody may call.
package throttle

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"sallyport/shared/apperr"
)

// Window is the time that an address's count is for: five minutes of the clock. Around its edge an address may do twice as much
// in as long.
const Window = 5 * time.Minute

// Counter counts in rows that many may write at once. An error means that the store could not answer.
type Counter interface {
	// CountFailure adds one to the subject's failures, in one atomic step, unless they have reached limit: then it reports
	// false and adds nothing. The row expires at the given time (Unix seconds).
	CountFailure(ctx context.Context, subject string, limit int, expiresAt int64) (bool, error)

	// ForgiveFailure takes one away.
	ForgiveFailure(ctx context.Context, subject string) error
}

// Addresses limits what one source address (an IPv6 network of 64 bits) may do in a Window. The public method of
// each open route's domain object begins with
//
//	return throttle.ByAddress(ctx, limit, in.Address, func() (Begun, error) { return b.begin(ctx, in) })
//
// after the checks of the input's form, which cost nothing and are not counted. The store is accountstore's or throttlestore's; the
// function's policy needs UpdateItem on Throttles.
type Addresses struct {
	Counter Counter
	Route   string           // what is counted apart from other routes, such as "login"
	Most    int              // how often in a Window
	Counts  func(error) bool // whether an outcome, nil for success, counts: Guesses, Requests, or one of the domain's own
	Now     func() time.Time
	Log     *slog.Logger
}

// Guesses counts what was refused for a wrong credential, and nothing else: whoever is right is never in the way of anybody.
func Guesses(outcome error) bool { return apperr.CodeOf(outcome) == apperr.Unauthenticated }

// Requests counts all that was answered, right or wrong: for routes that cost much, or tell something, whoever asks. What we could
// not answer, and what another limit has turned away, does not count.
func Requests(outcome error) bool {
	switch apperr.CodeOf(outcome) {
	case apperr.TooManyRequests, apperr.ServiceUnavailable, apperr.Corrupt, apperr.Internal:
		return false
	default:
		return true
	}
}

// ByAddress does what the address asks for, unless it has done so too often: then the error's code is TooManyRequests, do is not
// called and nothing is counted. It counts before do is called, so that parallel requests cannot pass the limit, and takes that
// back if the outcome does not count. The error's code is also ServiceUnavailable, and otherwise it is do's.
func ByAddress[T any](ctx context.Context, l Addresses, address string, do func() (T, error)) (T, error) {
	now := l.Now()
	end := now.Truncate(Window).Add(Window)
	subject := AddressSubject(l.Route, address, end)
	counted, err := l.Counter.CountFailure(ctx, subject, l.Most, end.Unix())
	if err != nil {
		l.forgive(ctx, subject) // it may have been counted although the answer was lost
		return *new(T), apperr.Dependency(err)
	}
	if !counted {
		return *new(T), TooMany(end.Sub(now))
	}
	out, err := do()
	if !l.Counts(err) {
		l.forgive(ctx, subject)
	}
	return out, err
}

// forgive is best effort: the count is forgotten in minutes, and whoever is right is let in all the same.
func (l Addresses) forgive(ctx context.Context, subject string) {
	ctx, cancel := Settling(ctx)
	defer cancel()
	if err := l.Counter.ForgiveFailure(ctx, subject); err != nil {
		l.Log.WarnContext(ctx, "an address's count could not be taken back", "error", err)
	}
}

// AddressSubject is what an address is counted under, in the window that ends at end.
func AddressSubject(route, address string, end time.Time) string {
	return Subject("address", route, Network(address), strconv.FormatInt(end.Unix(), 10))
}

// TooMany refuses an attempt that comes too early by wait.
func TooMany(wait time.Duration) error {
	return &apperr.Error{
		Code: apperr.TooManyRequests, Detail: "Too many attempts. Wait as long as Retry-After says, then try again.",
		Reason: "throttled", RetryAfter: wait,
	}
}

// settleLimit is the time for what is left to do once the answer is known. Twice this is well below what a function keeps of
// its time limit for its answer.
const settleLimit = 250 * time.Millisecond

// Settling returns a context for what is left to do once the answer is known. It outlives ctx, which may have ended because a
// dependency hung: then, of all times, the attempt must not stay counted.
func Settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
}
