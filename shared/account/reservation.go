package account

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/throttle"
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
		failures, wait := seen.at(now)
		if wait > 0 {
			return nil, throttle.TooMany(wait)
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
	// Others are guessing at this very subject at this very moment. The last of them may have started a wait: to be told less than that
	// would be to come back for nothing.
	seen, err := store.Throttle(ctx, subject)
	if err != nil {
		return nil, apperr.Dependency(err)
	}
	_, wait := seen.at(now)
	return nil, throttle.TooMany(max(time.Second, wait))
}

// at returns the failures that count now, and how long no attempt is judged. DynamoDB deletes expired rows days late, so the clock
// decides.
func (t Throttle) at(now time.Time) (failures int, wait time.Duration) {
	if t.ExpiresAt <= now.Unix() {
		return 0, 0
	}
	return t.Failures, time.UnixMilli(t.BlockedUntil).Sub(now)
}

// succeeded forgets the subject's failures. That it cannot is no reason to refuse who has just proved to be right, so it is
// logged only: the failures are forgotten in time.
func (r *reservation) succeeded(ctx context.Context) {
	ctx, cancel := throttle.Settling(ctx)
	defer cancel()
	if err := r.store.ClearThrottle(ctx, r.subject); err != nil {
		r.log.WarnContext(ctx, "a throttle could not be cleared", "error", err)
	}
}

// takeBack undoes the count of an attempt that was not judged wrong. That it cannot changes no answer, so it is logged only.
func (r *reservation) takeBack(ctx context.Context) {
	ctx, cancel := throttle.Settling(ctx)
	defer cancel()
	if err := r.uncount(ctx); err != nil {
		r.log.WarnContext(ctx, "a throttle could not be taken back", "error", err)
	}
}

// settle counts the attempt for good if the outcome is a refusal because of wrong, forgets the subject's failures if it is a success, and
// else takes the attempt back.
func (r *reservation) settle(ctx context.Context, outcome, wrong error) {
	switch {
	case outcome == nil:
		r.succeeded(ctx)
	case !errors.Is(outcome, wrong):
		r.takeBack(ctx)
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
