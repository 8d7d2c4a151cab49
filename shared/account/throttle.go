package account

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"log/slog"
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
// store could not answer.
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

// reservation is one attempt, counted as a failure before it is judged: so parallel guesses cannot pass the limit. What
// turns out not to have been a wrong guess is taken back.
type reservation struct {
	store      Throttles
	log        *slog.Logger
	rule       delays
	subject    string
	seen, next Throttle
}

// reserve counts an attempt on subject. The error's code is TooManyRequests if the subject has to wait: such an attempt is
// neither judged nor counted.
func reserve(ctx context.Context, store Throttles, log *slog.Logger, subject string, rule delays, now time.Time) (*reservation, error) {
	for attempt := range maxAttempts {
		seen, err := store.Throttle(ctx, subject)
		if err != nil {
			return nil, apperr.Dependency(err)
		}
		failures := seen.Failures
		if seen.ExpiresAt <= now.Unix() { // DynamoDB deletes expired rows days late, so the clock decides
			failures = 0
		} else if wait := time.UnixMilli(seen.BlockedUntil).Sub(now); wait > 0 {
			return nil, tooMany(wait)
		}
		next := Throttle{Failures: failures + 1, ExpiresAt: now.Add(forgetAfter).Unix()}
		if wait := rule.after(next.Failures); wait > 0 {
			next.BlockedUntil = now.Add(wait).UnixMilli()
		}
		switch err := store.SetThrottle(ctx, subject, seen, next); {
		case err == nil:
			return &reservation{store: store, log: log, rule: rule, subject: subject, seen: seen, next: next}, nil
		case !errors.Is(err, ErrConflict):
			return nil, apperr.Dependency(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, err
		}
	}
	// Others are guessing at this very subject at this very moment.
	return nil, tooMany(time.Second)
}

// settleLimit is the time for what is left to do once the answer is known. Twice this is well below what a function keeps of
// its time limit for its answer.
const settleLimit = 250 * time.Millisecond

// settling returns a context for what is left to do once the answer is known. It outlives ctx, which may have ended because a
// dependency hung: then, of all times, the attempt must not stay counted.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
}

// succeeded forgets the subject's failures. That it cannot is no reason to refuse who has just proved to be right, so it is
// logged only: the failures are forgotten in time.
func (r *reservation) succeeded(ctx context.Context) {
	ctx, cancel := settling(ctx)
	defer cancel()
	if err := r.store.ClearThrottle(ctx, r.subject); err != nil {
		r.log.WarnContext(ctx, "a throttle could not be cleared", "error", err)
	}
}

// takeBack undoes the count of an attempt that was not judged wrong. That it cannot changes no answer, so it is logged only.
func (r *reservation) takeBack(ctx context.Context) {
	ctx, cancel := settling(ctx)
	defer cancel()
	if err := r.uncount(ctx); err != nil {
		r.log.WarnContext(ctx, "a throttle could not be taken back", "error", err)
	}
}

// uncount puts the row back as it was seen, if nobody has counted since; else it takes one failure away. What was cleared
// since stays cleared. Should others have been counted after that, it takes one of theirs: one guess for free, at most, for
// each success of the owner that a request which is not a guess happens to span.
func (r *reservation) uncount(ctx context.Context) error {
	seen, next := r.next, r.seen
	for attempt := range maxAttempts {
		err := r.store.SetThrottle(ctx, r.subject, seen, next)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
		if seen, err = r.store.Throttle(ctx, r.subject); err != nil {
			return err
		}
		if seen.Failures == 0 {
			return nil
		}
		next = r.rule.without(seen)
	}
	return ErrConflict
}

// without returns the row less one failure, and less the wait, if the failures that are left start none.
func (d delays) without(row Throttle) Throttle {
	row.Failures--
	switch {
	case row.Failures == 0:
		return Throttle{}
	case row.Failures <= d.free:
		row.BlockedUntil = 0
	}
	return row
}

func tooMany(wait time.Duration) error {
	return &apperr.Error{
		Code: apperr.TooManyRequests, Detail: "Too many failed attempts. Wait as long as Retry-After says, then try again.",
		Reason: "throttled", RetryAfter: wait,
	}
}

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
