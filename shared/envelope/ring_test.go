package envelope_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"sallyport/shared/envelope"
	"sallyport/shared/faults"
)

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
	if _, ok, err := w.ring.Tag(t.Context(), day, generation, nil); ok || !errors.Is(err, errDown) {
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
	if _, ok, err := other.Tag(t.Context(), day, generation, nil); ok || !errors.Is(err, envelope.ErrCorrupt) {
		t.Errorf("another stage's key: %t, %v, want ErrCorrupt", ok, err)
	}
	// And if KMS did not, the derived keys would be other ones.
	other = envelope.NewRing(w.store, w.wrapper, "staging", w.clock.Now, log)
	if _, ok, err := other.Open(t.Context(), day, generation, sealed, nil); ok || err != nil {
		t.Errorf("another stage opens the seal: %t, %v", ok, err)
	}
	mine, _, err := w.ring.Tag(t.Context(), day, generation, nil)
	if err != nil {
		t.Fatal(err)
	}
	theirs, _, err := other.Tag(t.Context(), day, generation, nil)
	if err != nil || mine == theirs {
		t.Errorf("another stage signs with the same key, %v", err)
	}
}
