package envelopetest

import (
	"bytes"
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"sallyport/shared/envelope"
)

// Stores is what the contract is checked of: a store, and the operator's way to empty a day's row.
type Stores struct {
	Keys envelope.KeyStore

	// Shred leaves the day's row without its key and sets its generation.
	Shred func(t *testing.T, day uint32, generation uint8)
}

// TestStore checks every promise of envelope.KeyStore. Each part opens an empty store.
func TestStore(t *testing.T, open func(t *testing.T) Stores) {
	t.Helper()
	parts := []struct {
		name string
		run  func(*testing.T, Stores)
	}{
		{"a row is read as it was stored", testRoundTrip},
		{"a day without a row is no error", testAbsent},
		{"a stored key is never replaced", testFirst},
		{"an emptied row takes a key of its generation only", testShredded},
		{"of many makers at once one is first, also after a shredding", testMakersAtOnce},
		{"what was read belongs to its reader", testCopies},
		{"a call whose context has ended fails", testContext},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.run(t, open(t)) })
	}
}

// today is 2026-11-23.
const today uint32 = 20780

func testRoundTrip(t *testing.T, s Stores) {
	for _, day := range []uint32{0, 1, today, today + 1, 2932896} { // the last is 9999-12-31
		for _, generation := range []uint8{0, 1, 255} {
			if generation > 0 {
				s.Shred(t, day, generation)
			}
			want := envelope.WrappedKey{Day: day, Generation: generation, Wrapped: []byte{0, generation, 255}, ExpiresAt: 1_795_000_000}
			if !add(t, s, want) {
				t.Fatalf("day %d, generation %d: not stored", day, generation)
			}
			if got, ok := find(t, s, day); !ok || !reflect.DeepEqual(got, want) {
				t.Errorf("stored %+v, read %+v, %v", want, got, ok)
			}
		}
	}
}

func testAbsent(t *testing.T, s Stores) {
	add(t, s, wrapped(today, 0))
	if got, ok := find(t, s, today+1); ok || !reflect.DeepEqual(got, envelope.WrappedKey{}) {
		t.Errorf("read %+v, %v", got, ok)
	}
}

func testFirst(t *testing.T, s Stores) {
	first := wrapped(today, 1)
	if !add(t, s, first) {
		t.Fatal("the first was not stored")
	}
	for _, generation := range []uint8{0, 1, 2} {
		second := wrapped(today, generation)
		second.Wrapped = []byte("the second maker's")
		if add(t, s, second) {
			t.Errorf("generation %d: stored over the first", generation)
		}
	}
	if got, _ := find(t, s, today); !reflect.DeepEqual(got, first) {
		t.Errorf("read %+v, want the first %+v", got, first)
	}
}

func testShredded(t *testing.T, s Stores) {
	add(t, s, wrapped(today, 0))
	s.Shred(t, today, 1)
	if got, ok := find(t, s, today); !ok || got.Day != today || got.Generation != 1 || len(got.Wrapped) != 0 {
		t.Fatalf("an emptied row reads as %+v, %v", got, ok)
	}
	for _, generation := range []uint8{0, 2} {
		if add(t, s, wrapped(today, generation)) {
			t.Errorf("a key of generation %d was stored", generation)
		}
	}
	if !add(t, s, wrapped(today, 1)) {
		t.Error("a key of the row's generation was not stored")
	}
	if got, _ := find(t, s, today); !reflect.DeepEqual(got, wrapped(today, 1)) {
		t.Errorf("read %+v", got)
	}
}

func testMakersAtOnce(t *testing.T, s Stores) {
	for generation := range uint8(3) {
		if generation > 0 {
			s.Shred(t, today, generation)
		}
		var all sync.WaitGroup
		var winners atomic.Int32
		var winner atomic.Value
		for maker := range byte(60) {
			all.Go(func() {
				key := wrapped(today, generation)
				key.Wrapped = []byte{'w', maker}
				if add(t, s, key) {
					winners.Add(1)
					winner.Store(key.Wrapped)
				}
			})
		}
		all.Wait()
		if winners.Load() != 1 {
			t.Fatalf("generation %d: %d makers were first", generation, winners.Load())
		}
		if got, _ := find(t, s, today); !bytes.Equal(got.Wrapped, winner.Load().([]byte)) { //nolint:forcetypeassert,errcheck // stored above
			t.Errorf("the stored key is not the winner's")
		}
	}
}

func testCopies(t *testing.T, s Stores) {
	stored := wrapped(today, 0)
	add(t, s, stored)
	clear(stored.Wrapped)
	first, _ := find(t, s, today)
	clear(first.Wrapped)
	if second, _ := find(t, s, today); !reflect.DeepEqual(second, wrapped(today, 0)) {
		t.Errorf("the stored row has changed: %+v", second)
	}
}

func testContext(t *testing.T, s Stores) {
	add(t, s, wrapped(today, 0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok, err := s.Keys.WrappedKey(ctx, today); err == nil || ok {
		t.Errorf("WrappedKey: %v, %v", ok, err)
	}
	if ok, err := s.Keys.AddWrappedKey(ctx, wrapped(today+1, 0)); err == nil || ok {
		t.Errorf("AddWrappedKey: %v, %v", ok, err)
	}
}

func wrapped(day uint32, generation uint8) envelope.WrappedKey {
	return envelope.WrappedKey{Day: day, Generation: generation, Wrapped: []byte("wrapped"), ExpiresAt: 1_795_000_000}
}

func find(t *testing.T, s Stores, day uint32) (envelope.WrappedKey, bool) {
	t.Helper()
	row, ok, err := s.Keys.WrappedKey(t.Context(), day)
	if err != nil {
		t.Errorf("WrappedKey: %v", err)
	}
	return row, ok
}

func add(t *testing.T, s Stores, k envelope.WrappedKey) bool {
	t.Helper()
	ok, err := s.Keys.AddWrappedKey(t.Context(), k)
	if err != nil {
		t.Errorf("AddWrappedKey: %v", err)
	}
	return ok
}
