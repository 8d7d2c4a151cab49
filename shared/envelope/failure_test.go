package envelope_test

import (
	"errors"
	"fmt"
	"testing"

	"sallyport/shared/envelope"
	"sallyport/shared/faults"
)

func TestACorruptKeyIsRememberedForFiveSecondsAndHeals(t *testing.T) {
	w := newWorld()
	day := envelope.Day(noon)
	w.store.Put(envelope.WrappedKey{Day: day, Wrapped: []byte("not what KMS wrapped")})
	for range 1000 {
		if _, ok, err := w.ring.Tag(t.Context(), day, 0, nil); ok || !errors.Is(err, envelope.ErrCorrupt) {
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

func TestARowThatIsNoneOfOursIsRememberedForFiveSecondsToo(t *testing.T) {
	w := newWorld()
	day := envelope.Day(noon)
	w.store.Before("WrappedKey", faults.Always(fmt.Errorf("no generation: %w", envelope.ErrCorrupt)))
	for range 1000 {
		if _, ok, err := w.ring.Tag(t.Context(), day, 0, nil); ok || !errors.Is(err, envelope.ErrCorrupt) {
			t.Fatalf("%t, %v, want ErrCorrupt", ok, err)
		}
	}
	w.wantCalls(t, "a malformed row", 1, 0)
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
		if _, ok, err := w.ring.Tag(t.Context(), moved.day, moved.generation, nil); ok || !errors.Is(err, envelope.ErrCorrupt) {
			t.Errorf("%+v: %t, %v, want ErrCorrupt", moved, ok, err)
		}
	}
}

func TestADataKeyOfAnotherSizeSignsNothing(t *testing.T) {
	w := newWorld()
	day := envelope.Day(noon)
	w.store.Put(envelope.WrappedKey{Day: day, Wrapped: w.wrapper.Wrap(day, 0, make([]byte, 16))})
	if _, ok, err := w.ring.Tag(t.Context(), day, 0, nil); ok || err == nil {
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
				if _, ok, err := reader.Tag(t.Context(), day, generation, nil); ok || !errors.Is(err, errDown) {
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
	if _, _, err := w.ring.Tag(t.Context(), day, generation+1, nil); !errors.Is(err, errDown) {
		t.Errorf("a generation that cannot be looked up: %v, want the store's error", err)
	}
	if !has(t, w.ring, day, generation) {
		t.Error("a failed look at another generation has cost the key")
	}
}
