package envelopetest_test

import (
	"bytes"
	"errors"
	"testing"

	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
)

func TestTheMemoryStoreKeepsTheContract(t *testing.T) {
	envelopetest.TestStore(t, func(*testing.T) envelopetest.Stores {
		store := envelopetest.NewStore()
		return envelopetest.Stores{Keys: store, Shred: func(_ *testing.T, day uint32, generation uint8) {
			store.Put(envelope.WrappedKey{Day: day, Generation: generation, ExpiresAt: 1_795_000_000})
		}}
	})
}

func TestAWrapperUnwrapsWhatItWrappedInTheSameContextOnly(t *testing.T) {
	w := envelopetest.NewWrapper("prod")
	plaintext, wrapped, err := w.NewDataKey(t.Context(), 20780, 1)
	if err != nil || len(plaintext) != envelope.DataKeySize || bytes.Contains(wrapped, plaintext) {
		t.Fatalf("NewDataKey: %d bytes, %v", len(plaintext), err)
	}
	if got, err := w.Unwrap(t.Context(), 20780, 1, wrapped); err != nil || !bytes.Equal(got, plaintext) {
		t.Errorf("Unwrap: %v", err)
	}
	altered := bytes.Clone(wrapped)
	altered[len(altered)/2] ^= 1
	for name, unwrap := range map[string]func() ([]byte, error){
		"another day":        func() ([]byte, error) { return w.Unwrap(t.Context(), 20781, 1, wrapped) },
		"another generation": func() ([]byte, error) { return w.Unwrap(t.Context(), 20780, 2, wrapped) },
		"another stage":      func() ([]byte, error) { return w.ForStage("test").Unwrap(t.Context(), 20780, 1, wrapped) },
		"another key":        func() ([]byte, error) { return envelopetest.NewWrapper("prod").Unwrap(t.Context(), 20780, 1, wrapped) },
		"altered":            func() ([]byte, error) { return w.Unwrap(t.Context(), 20780, 1, altered) },
		"empty":              func() ([]byte, error) { return w.Unwrap(t.Context(), 20780, 1, nil) },
	} {
		if got, err := unwrap(); !errors.Is(err, envelope.ErrCorrupt) || got != nil {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}
