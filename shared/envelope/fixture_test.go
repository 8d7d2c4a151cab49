package envelope_test

import (
	"bytes"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
)

const stage = "prod"

var (
	noon    = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	errDown = errors.New("connection refused")
)

// clock is a clock that stands still until it is set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func (c *clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// world is a store of data keys, a KMS and a clock, with one ring on them. More rings can be put on the same.
type world struct {
	store   *envelopetest.Store
	wrapper *envelopetest.Wrapper
	clock   *clock
	log     *bytes.Buffer
	ring    *envelope.Ring
}

func newWorld() *world {
	w := &world{
		store: envelopetest.NewStore(), wrapper: envelopetest.NewWrapper(stage), clock: &clock{now: noon}, log: new(bytes.Buffer),
	}
	w.ring = w.newRing()
	return w
}

// newRing returns another instance's ring.
func (w *world) newRing() *envelope.Ring {
	return envelope.NewRing(w.store, w.wrapper, stage, w.clock.Now, slog.New(slog.NewTextHandler(w.log, nil)))
}

// current makes the key of now, and returns its name; then the counts begin anew.
func (w *world) current(t *testing.T) (day uint32, generation uint8) {
	t.Helper()
	day, generation, err := w.ring.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.forget()
	return day, generation
}

func (w *world) forget() {
	w.store.Forget()
	w.wrapper.Forget()
}

// wantCalls asserts how often the store and KMS have been asked since the last time.
func (w *world) wantCalls(t *testing.T, when string, reads, unwraps int) {
	t.Helper()
	if gotReads, gotUnwraps := w.store.Calls("WrappedKey"), w.wrapper.Calls("Unwrap"); gotReads != reads || gotUnwraps != unwraps {
		t.Errorf("%s: %d reads and %d unwraps, want %d and %d", when, gotReads, gotUnwraps, reads, unwraps)
	}
	w.forget()
}

// has reports whether the ring has a signing key of that name; it must be able to tell.
func has(t *testing.T, ring *envelope.Ring, day uint32, generation uint8) bool {
	t.Helper()
	tag, ok, err := ring.Tag(t.Context(), day, generation, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ok == (tag == [32]byte{}) {
		t.Fatalf("the tag is %x, %t", tag, ok)
	}
	return ok
}
