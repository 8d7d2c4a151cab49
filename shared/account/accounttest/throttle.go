package accounttest

import (
	"context"

	"sallyport/shared/account"
)

// Throttle implements account.Throttles.
func (s *Store) Throttle(ctx context.Context, subject string) (row account.Throttle, err error) {
	err = s.Read(ctx, "Throttle", func() error {
		s.step(func() { row = s.throttles[subject] })
		return nil
	})
	return row, err
}

// SetThrottle implements account.Throttles.
func (s *Store) SetThrottle(ctx context.Context, subject string, seen, next account.Throttle) error {
	return s.Write(ctx, "SetThrottle", func() (err error) {
		s.step(func() {
			switch {
			case s.throttles[subject] != seen:
				err = account.ErrConflict
			case next == account.Throttle{}:
				delete(s.throttles, subject)
			default:
				s.throttles[subject] = next
			}
		})
		return err
	})
}

// ClearThrottle implements account.Throttles.
func (s *Store) ClearThrottle(ctx context.Context, subject string) error {
	return s.Write(ctx, "ClearThrottle", func() error {
		s.step(func() { delete(s.throttles, subject) })
		return nil
	})
}

// CountFailure implements throttle.Counter.
func (s *Store) CountFailure(ctx context.Context, subject string, limit int, expiresAt int64) (counted bool, err error) {
	err = s.Write(ctx, "CountFailure", func() error {
		s.step(func() {
			row := s.throttles[subject]
			if row.Failures < limit {
				row.Failures++
				row.ExpiresAt = expiresAt
				s.throttles[subject], counted = row, true
			}
		})
		return nil
	})
	return counted, err
}

// ForgiveFailure implements throttle.Counter.
func (s *Store) ForgiveFailure(ctx context.Context, subject string) error {
	return s.Write(ctx, "ForgiveFailure", func() error {
		s.step(func() {
			if row := s.throttles[subject]; row.Failures > 0 {
				row.Failures--
				s.throttles[subject] = row
			}
		})
		return nil
	})
}
