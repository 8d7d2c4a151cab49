package envelope

import (
	"context"
	"fmt"
	"time"
)

// Current returns the day and generation of the data key to sign and seal with now, making the key if there is none yet. It
// always reads the row, so that a key shredded a moment ago is not used again. In a day's last hour it makes tomorrow's too.
func (r *Ring) Current(ctx context.Context) (day uint32, generation uint8, err error) {
	if err := r.lock(ctx); err != nil {
		return 0, 0, err
	}
	defer r.unlock()
	now := r.now()
	today := Day(now)
	row, err := r.ensure(ctx, today)
	if err != nil {
		return 0, 0, err
	}
	known, err := r.learn(ctx, today, row, true)
	if err != nil {
		return 0, 0, err
	}
	if known.key == nil {
		return 0, 0, fmt.Errorf("envelope: today's data key: %w", known.corrupt)
	}
	if tomorrow := Day(now.Add(lead)); tomorrow != today && !r.prepared(tomorrow) {
		// This sign-in does not need tomorrow's key, so it does not fail for want of it: the next one tries again.
		if err := r.prepare(ctx, tomorrow); err != nil {
			r.log.WarnContext(ctx, "tomorrow's data key could not be made yet", "error", err)
		}
	}
	return today, row.Generation, nil
}

// ensure returns the day's row with its key in it.
func (r *Ring) ensure(ctx context.Context, day uint32) (WrappedKey, error) {
	const attempts = 3 // another maker may win once; a shredding in between may make it lose once more
	for range attempts {
		row, found, err := r.store.WrappedKey(ctx, day)
		if err != nil {
			return WrappedKey{}, fmt.Errorf("envelope: reading the data key: %w", err)
		}
		if found && len(row.Wrapped) > 0 {
			return row, nil
		}
		plaintext, wrapped, err := r.wrapper.NewDataKey(ctx, day, row.Generation)
		if err != nil {
			return WrappedKey{}, fmt.Errorf("envelope: making a data key: %w", err)
		}
		clear(plaintext) // the key is used only once it is known to be the stored one, as everybody else will see it
		row = WrappedKey{
			Day: day, Generation: row.Generation, Wrapped: wrapped,
			ExpiresAt: time.Unix((int64(day)+1)*secondsPerDay, 0).Add(retention).Unix(),
		}
		stored, err := r.store.AddWrappedKey(ctx, row)
		if err != nil {
			return WrappedKey{}, fmt.Errorf("envelope: storing the data key: %w", err)
		}
		if stored {
			return row, nil
		}
	}
	return WrappedKey{}, fmt.Errorf("envelope: the data key of day %d changed %d times while it was made", day, attempts)
}

func (r *Ring) prepared(day uint32) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.days[day].key != nil
}

func (r *Ring) prepare(ctx context.Context, day uint32) error {
	row, err := r.ensure(ctx, day)
	if err != nil {
		return err
	}
	_, err = r.learn(ctx, day, row, true)
	return err
}
