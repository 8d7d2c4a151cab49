package envelope_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
	"sallyport/shared/faults"
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
	key, ok, err := ring.SigningKey(t.Context(), day, generation)
	if err != nil {
		t.Fatal(err)
	}
	if ok != (len(key) == 32) {
		t.Fatalf("a key of %d bytes, %t", len(key), ok)
	}
	return ok
}

func TestAHundredThousandCallsNeedOneDecrypt(t *testing.T) {
	w := newWorld()
	day, generation := w.current(t)
	reader := w.newRing()
	sealed, err := w.ring.Seal(t.Context(), day, generation, []byte("a token"), []byte("its record"))
	if err != nil {
		t.Fatal(err)
	}
	w.forget()
	for range 100_000 {
		if !has(t, reader, day, generation) {
			t.Fatal("the key is gone")
		}
	}
	for range 100 {
		plaintext, ok, err := reader.Open(t.Context(), day, generation, sealed, []byte("its record"))
		if string(plaintext) != "a token" || !ok || err != nil {
			t.Fatalf("%q, %t, %v", plaintext, ok, err)
		}
	}
	w.wantCalls(t, "a reader's calls", 1, 1)
}

func TestAKeyIsNotUsedBeyondItsAgeWithoutKMS(t *testing.T) {
	w := newWorld()
	day, generation := w.current(t)
	w.clock.Advance(envelope.MaxKeyAge - 1)
	if !has(t, w.ring, day, generation) {
		t.Error("no key")
	}
	w.wantCalls(t, "just before its age", 0, 0)
	w.clock.Advance(1)
	if !has(t, w.ring, day, generation) {
		t.Error("no key")
	}
	w.wantCalls(t, "at its age", 1, 1)

	w.clock.Advance(envelope.MaxKeyAge)
	w.wrapper.Before("Unwrap", faults.Always(errDown))
	if _, ok, err := w.ring.SigningKey(t.Context(), day, generation); ok || !errors.Is(err, errDown) {
		t.Errorf("KMS is down, and the old key is used: %t, %v", ok, err)
	}
}

func TestUseDoesNotProlongAKeysAge(t *testing.T) {
	w := newWorld()
	day, generation := w.current(t)
	for range int(envelope.MaxKeyAge / time.Minute) {
		w.clock.Advance(time.Minute)
		// A look at a made-up generation and a sign-in read the row, but neither asks KMS.
		has(t, w.ring, day, generation+1)
		if _, _, err := w.ring.Current(t.Context()); err != nil {
			t.Fatal(err)
		}
		has(t, w.ring, day, generation)
	}
	if n := w.wrapper.Calls("Unwrap"); n != 1 {
		t.Errorf("%d unwraps in %s of steady use, want 1 at its end", n, envelope.MaxKeyAge)
	}
}

func TestAbsenceIsRememberedForFiveSeconds(t *testing.T) {
	w := newWorld()
	day := envelope.Day(noon)
	for generation := range 256 {
		if has(t, w.ring, day, uint8(generation)) {
			t.Fatal("a key that was never made")
		}
	}
	w.wantCalls(t, "made-up tokens of a day without a key", 1, 0)
	w.clock.Advance(envelope.MaxAbsenceAge - 1)
	has(t, w.ring, day, 0)
	w.wantCalls(t, "just before five seconds", 0, 0)

	if _, _, err := w.newRing().Current(t.Context()); err != nil { // another instance makes the key
		t.Fatal(err)
	}
	w.forget()
	w.clock.Advance(1)
	if !has(t, w.ring, day, 0) {
		t.Error("the new key is not found after five seconds")
	}
	w.wantCalls(t, "after five seconds", 1, 1)
}

func TestAMadeUpGenerationCostsNextToNothing(t *testing.T) {
	w := newWorld()
	day := envelope.Day(noon)
	w.store.Shred(day)
	w.store.Shred(day)
	if _, generation := w.current(t); generation != 2 {
		t.Fatalf("generation %d, want 2", generation)
	}
	w.clock.Advance(time.Minute)
	for range 1000 {
		if has(t, w.ring, day, 0) || has(t, w.ring, day, 1) {
			t.Fatal("a shredded generation has a key")
		}
	}
	w.wantCalls(t, "lower generations", 0, 0)
	for generation := 3; generation < 256; generation++ {
		if has(t, w.ring, day, uint8(generation)) {
			t.Fatal("a generation to come has a key")
		}
	}
	w.wantCalls(t, "higher generations", 1, 0)
	w.clock.Advance(envelope.MaxAbsenceAge)
	for range 1000 {
		has(t, w.ring, day, 255)
		if !has(t, w.ring, day, 2) {
			t.Fatal("the key itself is gone")
		}
	}
	w.wantCalls(t, "higher generations, five seconds later", 1, 0)
}

func TestShreddingTakesEffectWithinTheKeysAge(t *testing.T) {
	w := newWorld()
	day, generation := w.current(t)
	reader := w.newRing()
	if !has(t, reader, day, generation) {
		t.Fatal("no key")
	}
	w.store.Shred(day)
	w.clock.Advance(envelope.MaxKeyAge)
	if has(t, reader, day, generation) {
		t.Error("the shredded key is still in use")
	}
	if has(t, w.ring, day, generation) {
		t.Error("the shredded key is still in use where it was made")
	}
}

func TestASignInSeesAShreddingAtOnce(t *testing.T) {
	w := newWorld()
	day, generation := w.current(t)
	old, _, err := w.ring.SigningKey(t.Context(), day, generation)
	if err != nil {
		t.Fatal(err)
	}
	reader := w.newRing()
	if !has(t, reader, day, generation) {
		t.Fatal("no key")
	}
	w.store.Shred(day)
	w.clock.Advance(envelope.MaxAbsenceAge)

	gotDay, next, err := w.ring.Current(t.Context())
	if err != nil || gotDay != day || next != generation+1 {
		t.Fatalf("Current gives %d.%d, %v, want %d.%d", gotDay, next, err, day, generation+1)
	}
	key, ok, err := w.ring.SigningKey(t.Context(), day, next)
	if !ok || err != nil || bytes.Equal(key, old) {
		t.Errorf("the new generation's key: %t, %v", ok, err)
	}
	if has(t, w.ring, day, generation) {
		t.Error("the ring that made the new key still has the old one")
	}
	if !has(t, reader, day, next) {
		t.Error("another instance does not pick up the new generation at its first sight")
	}
	if has(t, reader, day, generation) {
		t.Error("another instance that has seen the new generation still has the old one")
	}
	if _, err := w.ring.Seal(t.Context(), day, generation, nil, nil); err == nil {
		t.Error("something is sealed under a shredded key")
	}
}

func TestACorruptKeyIsRememberedForFiveSecondsAndHeals(t *testing.T) {
	w := newWorld()
	day := envelope.Day(noon)
	w.store.Put(envelope.WrappedKey{Day: day, Wrapped: []byte("not what KMS wrapped")})
	for range 1000 {
		if _, ok, err := w.ring.SigningKey(t.Context(), day, 0); ok || !errors.Is(err, envelope.ErrCorrupt) {
			t.Fatalf("%t, %v, want ErrCorrupt", ok, err)
		}
		if _, ok, err := w.ring.Open(t.Context(), day, 0, nil, nil); ok || !errors.Is(err, envelope.ErrCorrupt) {
			t.Fatalf("%t, %v, want ErrCorrupt", ok, err)
		}
	}
	w.wantCalls(t, "a corrupt key", 1, 1)
	if _, _, err := w.ring.Current(t.Context()); !errors.Is(err, envelope.ErrCorrupt) {
		t.Errorf("Current gives %v, want ErrCorrupt", err)
	}
	if _, err := w.ring.Seal(t.Context(), day, 0, nil, nil); !errors.Is(err, envelope.ErrCorrupt) {
		t.Errorf("Seal gives %v, want ErrCorrupt", err)
	}
	w.store.Put(envelope.WrappedKey{Day: day, Wrapped: w.wrapper.Wrap(day, 0, make([]byte, envelope.DataKeySize))})
	w.clock.Advance(envelope.MaxAbsenceAge)
	if !has(t, w.ring, day, 0) {
		t.Error("the mended row is not found after five seconds")
	}
}

func TestAKeyMovedToAnotherDayOrGenerationIsCorrupt(t *testing.T) {
	w := newWorld()
	day := envelope.Day(noon)
	wrapped := w.wrapper.Wrap(day, 0, make([]byte, envelope.DataKeySize))
	w.store.Put(envelope.WrappedKey{Day: day, Generation: 1, Wrapped: wrapped})
	w.store.Put(envelope.WrappedKey{Day: day + 1, Wrapped: wrapped})
	for _, moved := range []struct {
		day        uint32
		generation uint8
	}{{day, 1}, {day + 1, 0}} {
		if _, ok, err := w.ring.SigningKey(t.Context(), moved.day, moved.generation); ok || !errors.Is(err, envelope.ErrCorrupt) {
			t.Errorf("%+v: %t, %v, want ErrCorrupt", moved, ok, err)
		}
	}
}

func TestADataKeyOfAnotherSizeSignsNothing(t *testing.T) {
	w := newWorld()
	day := envelope.Day(noon)
	w.store.Put(envelope.WrappedKey{Day: day, Wrapped: w.wrapper.Wrap(day, 0, make([]byte, 16))})
	if _, ok, err := w.ring.SigningKey(t.Context(), day, 0); ok || err == nil {
		t.Errorf("%t, %v, want an error", ok, err)
	}
}

func TestAFailedDependencyIsAnErrorAndNeverRemembered(t *testing.T) {
	for _, dependency := range []struct {
		name string
		of   func(*world) *faults.Plan
		call string
	}{
		{"the store", func(w *world) *faults.Plan { return &w.store.Plan }, "WrappedKey"},
		{"KMS", func(w *world) *faults.Plan { return &w.wrapper.Plan }, "Unwrap"},
	} {
		t.Run(dependency.name, func(t *testing.T) {
			w := newWorld()
			day, generation := w.current(t)
			reader := w.newRing()
			plan := dependency.of(w)
			plan.Before(dependency.call, faults.Always(errDown))
			for range 3 {
				if _, ok, err := reader.SigningKey(t.Context(), day, generation); ok || !errors.Is(err, errDown) {
					t.Fatalf("%t, %v, want its error", ok, err)
				}
				if _, ok, err := reader.Open(t.Context(), day, generation, nil, nil); ok || !errors.Is(err, errDown) {
					t.Fatalf("%t, %v, want its error", ok, err)
				}
				if _, err := reader.Seal(t.Context(), day, generation, nil, nil); !errors.Is(err, errDown) {
					t.Fatalf("%v, want its error", err)
				}
				if _, _, err := reader.Current(t.Context()); !errors.Is(err, errDown) {
					t.Fatalf("%v, want its error", err)
				}
			}
			plan.Mend()
			if !has(t, reader, day, generation) {
				t.Error("it does not recover by itself, at once")
			}
		})
	}
}

func TestAFailureLeavesWhatIsKnownInUse(t *testing.T) {
	w := newWorld()
	day, generation := w.current(t)
	w.clock.Advance(envelope.MaxAbsenceAge)
	w.store.Before("WrappedKey", faults.Always(errDown))
	if _, _, err := w.ring.SigningKey(t.Context(), day, generation+1); !errors.Is(err, errDown) {
		t.Errorf("a generation that cannot be looked up: %v, want the store's error", err)
	}
	if !has(t, w.ring, day, generation) {
		t.Error("a failed look at another generation has cost the key")
	}
}

func TestAClockSetBackProlongsNothing(t *testing.T) {
	w := newWorld()
	day, generation := w.current(t)
	absent := day - 1
	has(t, w.ring, absent, 0)
	w.forget()
	w.clock.Advance(-time.Hour)
	has(t, w.ring, day, generation)
	w.wantCalls(t, "a key unwrapped in what is now the future", 1, 1)
	has(t, w.ring, absent, 0)
	w.wantCalls(t, "an absence seen in what is now the future", 1, 0)
}

func TestAHundredRequestsAtOnceCauseOneLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		day, generation := w.current(t)
		reader := w.newRing()
		release := make(chan struct{})
		w.store.Before("WrappedKey", func(context.Context, int) error { <-release; return nil })
		var requests sync.WaitGroup
		for range 100 {
			requests.Go(func() {
				if !has(t, reader, day, generation) {
					t.Error("no key")
				}
			})
		}
		synctest.Wait() // one is in the store, 99 wait for it
		close(release)
		requests.Wait()
		w.wantCalls(t, "100 requests", 1, 1)
	})
}

func TestAWaiterGivesUpWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		day, generation := w.current(t)
		reader := w.newRing()
		release := make(chan struct{})
		w.store.Before("WrappedKey", func(context.Context, int) error { <-release; return nil })
		var requests sync.WaitGroup
		requests.Go(func() {
			if !has(t, reader, day, generation) {
				t.Error("the one that loads gets no key")
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, ok, err := reader.SigningKey(ctx, day, generation); ok || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%t, %v, want DeadlineExceeded", ok, err)
		}
		if _, _, err := reader.Current(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Current: %v, want DeadlineExceeded", err)
		}
		close(release)
		requests.Wait()
	})
}

func TestOneThatGivesUpDoesNotFailTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		day, generation := w.current(t)
		reader := w.newRing()
		w.store.Before("WrappedKey", func(ctx context.Context, nth int) error {
			if nth == 1 {
				return faults.Hang(ctx, nth)
			}
			return nil
		})
		var requests sync.WaitGroup
		requests.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, _, err := reader.SigningKey(ctx, day, generation); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the one that loads: %v, want DeadlineExceeded", err)
			}
		})
		synctest.Wait()
		if !has(t, reader, day, generation) {
			t.Error("the next one gets no key")
		}
		requests.Wait()
	})
}

func TestStagesShareNoKey(t *testing.T) {
	w := newWorld()
	day, generation := w.current(t)
	sealed, err := w.ring.Seal(t.Context(), day, generation, []byte("a token"), nil)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	// KMS refuses the other stage's key by its encryption context.
	other := envelope.NewRing(w.store, w.wrapper.ForStage("staging"), "staging", w.clock.Now, log)
	if _, ok, err := other.SigningKey(t.Context(), day, generation); ok || !errors.Is(err, envelope.ErrCorrupt) {
		t.Errorf("another stage's key: %t, %v, want ErrCorrupt", ok, err)
	}
	// And if KMS did not, the derived keys would be other ones.
	other = envelope.NewRing(w.store, w.wrapper, "staging", w.clock.Now, log)
	if _, ok, err := other.Open(t.Context(), day, generation, sealed, nil); ok || err != nil {
		t.Errorf("another stage opens the seal: %t, %v", ok, err)
	}
	mine, _, err := w.ring.SigningKey(t.Context(), day, generation)
	if err != nil {
		t.Fatal(err)
	}
	theirs, _, err := other.SigningKey(t.Context(), day, generation)
	if err != nil || bytes.Equal(mine, theirs) {
		t.Errorf("another stage signs with the same key, %v", err)
	}
}
