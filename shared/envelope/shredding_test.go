package envelope_test

import (
	"testing"

	"sallyport/shared/envelope"
)

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
	old, _, err := w.ring.Tag(t.Context(), day, generation, nil)
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
	key, ok, err := w.ring.Tag(t.Context(), day, next, nil)
	if !ok || err != nil || key == old {
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
