package envelope

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// How long the ring trusts what it has learnt.
const (
	// MaxKeyAge is how long an unwrapped key is used without another Decrypt. It bounds how long a shredded data key, or a
	// KMS grant that was taken away, still works in a running instance.
	MaxKeyAge = 15 * time.Minute

	// MaxAbsenceAge is how long a missing, shredded or corrupt row is remembered, so that made-up tokens cause one read in
	// five seconds and day at most.
	MaxAbsenceAge = 5 * time.Second

	// retention is how long a row outlives its day: the longest life of a token, an API token's 90 days, and an hour for clocks
	// that disagree.
	retention = 90*24*time.Hour + time.Hour

	// lead is how long before midnight UTC tomorrow's key is made, so that no first sign-in of a day waits for it.
	lead = time.Hour
)

// ErrCorrupt is what a KeyWrapper's error wraps when KMS says that the wrapped key is damaged or belongs to another context, and a
// KeyStore's when the row is not one that AddWrappedKey made.
var ErrCorrupt = errors.New("envelope: the wrapped data key is corrupt or of another context")

// WrappedKey is one row of DataKeys.
type WrappedKey struct {
	Day        uint32 // days since 1970-01-01 UTC
	Generation uint8
	Wrapped    []byte // the data key under the KMS key; empty once shredded
	ExpiresAt  int64  // Unix seconds
}

// KeyStore keeps wrapped data keys. Errors mean that the store could not answer, except those that wrap ErrCorrupt.
type KeyStore interface {
	// WrappedKey returns the day's row as of now (strongly consistent), and false if there is none.
	WrappedKey(ctx context.Context, day uint32) (WrappedKey, bool, error)

	// AddWrappedKey stores k if its day has no row, or an emptied one of the same generation. It reports false if another
	// maker was first.
	AddWrappedKey(ctx context.Context, k WrappedKey) (bool, error)
}

// KeyWrapper makes and unwraps data keys: KMS, with an encryption context that binds purpose, stage, day and generation.
type KeyWrapper interface {
	// NewDataKey returns a fresh data key of DataKeySize bytes, plain and wrapped.
	NewDataKey(ctx context.Context, day uint32, generation uint8) (plaintext, wrapped []byte, err error)

	// Unwrap returns the plain data key. The error wraps ErrCorrupt if wrapped is damaged or of another context; any other
	// error means that KMS could not answer.
	Unwrap(ctx context.Context, day uint32, generation uint8, wrapped []byte) (plaintext []byte, err error)
}

// Ring holds the data keys that are in use. It is safe for concurrent use.
type Ring struct {
	store   KeyStore
	wrapper KeyWrapper
	stage   string
	now     func() time.Time
	log     *slog.Logger

	mu   sync.RWMutex
	days map[uint32]entry

	loading chan struct{} // one load at a time; a channel, so that a waiter can give up when its context ends
}

// entry is what is known about one day. Times are wall-clock: the monotonic clock stands still while Lambda freezes the
// process.
type entry struct {
	generation uint8
	key        *dataKey  // nil: no row, shredded, or corrupt
	wrapped    []byte    // what key was unwrapped from
	corrupt    error     // why there is no key, if the row is corrupt
	readAt     time.Time // when the row was read
	unwrapped  time.Time // when KMS last unwrapped the key
}

// NewRing returns a ring of the given stage that knows no keys yet. The log gets what does not stop a request.
func NewRing(store KeyStore, wrapper KeyWrapper, stage string, now func() time.Time, log *slog.Logger) *Ring {
	return &Ring{
		store: store, wrapper: wrapper, stage: stage, now: func() time.Time { return now().Round(0) }, log: log,
		days: make(map[uint32]entry), loading: make(chan struct{}, 1),
	}
}

const secondsPerDay = 24 * 60 * 60

// Date returns a key day as it is in DataKeys and in the encryption context, where an operator can read it: YYYY-MM-DD, in UTC.
func Date(day uint32) string {
	return time.Unix(int64(day)*secondsPerDay, 0).UTC().Format(time.DateOnly)
}

// Day returns the key day of t: days since 1970-01-01 UTC.
func Day(t time.Time) uint32 { return uint32(t.Unix() / secondsPerDay) } //nolint:gosec // G115: good until the year 11,000,000

// Tag returns the HMAC-SHA-256 of message under that day's and generation's signing key, and false if there is no such data key.
func (r *Ring) Tag(ctx context.Context, day uint32, generation uint8, message []byte) ([sha256.Size]byte, bool, error) {
	key, err := r.find(ctx, keyID{day, generation})
	if key == nil {
		return [sha256.Size]byte{}, false, err
	}
	return key.tag(message), true, nil
}

// Seal encrypts plaintext under that day's and generation's key and binds it to aad.
func (r *Ring) Seal(ctx context.Context, day uint32, generation uint8, plaintext, aad []byte) ([]byte, error) {
	key, err := r.find(ctx, keyID{day, generation})
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, fmt.Errorf("envelope: no data key of day %d, generation %d", day, generation)
	}
	return key.seal(plaintext, aad), nil
}

// Open decrypts what Seal made. It reports false if sealed was made under another key or for another aad, or altered.
func (r *Ring) Open(ctx context.Context, day uint32, generation uint8, sealed, aad []byte) ([]byte, bool, error) {
	key, err := r.find(ctx, keyID{day, generation})
	if key == nil {
		return nil, false, err
	}
	plaintext, ok := key.open(sealed, aad)
	return plaintext, ok, nil
}

// SealedUnder returns the day and generation of the key that sealed, as Seal made it, says it was made with. Nothing vouches for it
// but that Open opens it with that key.
func (*Ring) SealedUnder(sealed []byte) (day uint32, generation uint8, ok bool) {
	if len(sealed) < Overhead || sealed[0] != sealedVersion {
		return 0, 0, false
	}
	return uint32(sealed[1])<<16 | uint32(sealed[2])<<8 | uint32(sealed[3]), sealed[4], true
}

// find returns the data key, nil if there is none.
func (r *Ring) find(ctx context.Context, id keyID) (*dataKey, error) {
	if known, ok := r.remembered(id); ok {
		return known.matching(id), known.corrupt
	}
	if err := r.lock(ctx); err != nil {
		return nil, err
	}
	defer r.unlock()
	if known, ok := r.remembered(id); ok { // another request loaded it meanwhile
		return known.matching(id), known.corrupt
	}
	row, found, err := r.store.WrappedKey(ctx, id.day)
	if errors.Is(err, ErrCorrupt) {
		r.remember(id.day, entry{corrupt: err, readAt: r.now()})
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("envelope: reading the data key: %w", err)
	}
	known, err := r.learn(ctx, id.day, row, found)
	if err != nil {
		return nil, err
	}
	return known.matching(id), known.corrupt
}

func (e entry) matching(id keyID) *dataKey {
	if e.key == nil || e.generation != id.generation {
		return nil
	}
	return e.key
}

// remembered returns what is known about the day, and whether it is fresh enough to answer for id.
func (r *Ring) remembered(id keyID) (entry, bool) {
	r.mu.RLock()
	known, ok := r.days[id.day]
	r.mu.RUnlock()
	if !ok {
		return entry{}, false
	}
	now := r.now()
	switch {
	case known.key == nil, id.generation > known.generation:
		// A higher generation than the remembered one is either made up or the first sight of a shredding.
		return known, within(now, known.readAt, MaxAbsenceAge)
	default:
		return known, within(now, known.unwrapped, MaxKeyAge)
	}
}

// within is false also for a time that lies ahead, because the clock was set back.
func within(now, since time.Time, limit time.Duration) bool {
	age := now.Sub(since)
	return age >= 0 && age < limit
}

// learn remembers what a row just read says; the caller holds the load lock.
func (r *Ring) learn(ctx context.Context, day uint32, row WrappedKey, found bool) (entry, error) {
	next := entry{generation: row.Generation, readAt: r.now()}
	if found && len(row.Wrapped) > 0 {
		r.mu.RLock()
		known := r.days[day]
		r.mu.RUnlock()
		// The very bytes must be the same: a row that was deleted and made anew has another key under the same generation.
		if known.key != nil && known.generation == row.Generation && bytes.Equal(known.wrapped, row.Wrapped) &&
			within(r.now(), known.unwrapped, MaxKeyAge) {
			next.key, next.wrapped, next.unwrapped = known.key, known.wrapped, known.unwrapped
		} else {
			key, err := r.unwrap(ctx, row)
			switch {
			case errors.Is(err, ErrCorrupt):
				next.corrupt = err
			case err != nil:
				return entry{}, err
			default:
				next.key, next.wrapped, next.unwrapped = key, bytes.Clone(row.Wrapped), r.now()
			}
		}
	}
	r.remember(day, next)
	return next, nil
}

func (r *Ring) unwrap(ctx context.Context, row WrappedKey) (*dataKey, error) {
	plaintext, err := r.wrapper.Unwrap(ctx, row.Day, row.Generation, row.Wrapped)
	if err != nil {
		return nil, fmt.Errorf("envelope: unwrapping the data key: %w", err)
	}
	defer clear(plaintext)
	return derive(plaintext, r.stage, keyID{row.Day, row.Generation})
}

func (r *Ring) remember(day uint32, e entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for old, known := range r.days { // a few days at the most are in use at any time
		if !within(e.readAt, known.readAt, MaxKeyAge) && !within(e.readAt, known.unwrapped, MaxKeyAge) {
			delete(r.days, old)
		}
	}
	r.days[day] = e
}

func (r *Ring) lock(ctx context.Context) error {
	select {
	case r.loading <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("envelope: waiting for the data key: %w", ctx.Err())
	}
}

func (r *Ring) unlock() { <-r.loading }
