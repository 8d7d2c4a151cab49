package envelopetest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	"sallyport/shared/envelope"
	"sallyport/shared/faults"
)

// Wrapper is an envelope.KeyWrapper in memory: AES-256-GCM under a key of its own, with stage, day and generation as AAD in
// place of the encryption context. Methods can be made to fail by their names: "NewDataKey", "Unwrap".
type Wrapper struct {
	faults.Plan

	aead  cipher.AEAD
	stage string
}

var _ envelope.KeyWrapper = (*Wrapper)(nil)

// NewWrapper returns a Wrapper of the given stage with a fresh key.
func NewWrapper(stage string) *Wrapper {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return &Wrapper{aead: aead, stage: stage}
}

// ForStage returns a Wrapper with the same key in another stage: what one wraps the other must not unwrap.
func (w *Wrapper) ForStage(stage string) *Wrapper { return &Wrapper{aead: w.aead, stage: stage} }

// NewDataKey implements envelope.KeyWrapper.
func (w *Wrapper) NewDataKey(ctx context.Context, day uint32, generation uint8) (plaintext, wrapped []byte, err error) {
	err = w.Write(ctx, "NewDataKey", func() error {
		plaintext = make([]byte, envelope.DataKeySize)
		_, _ = rand.Read(plaintext) // never fails, as above
		wrapped = w.Wrap(day, generation, plaintext)
		return nil
	})
	return plaintext, wrapped, err
}

// Wrap wraps a given data key, for frozen vectors and for keys of the wrong size. It counts as no call.
func (w *Wrapper) Wrap(day uint32, generation uint8, plaintext []byte) []byte {
	return w.aead.Seal(nil, nil, plaintext, w.context(day, generation))
}

// Unwrap implements envelope.KeyWrapper. What it did not wrap for this stage, day and generation is envelope.ErrCorrupt.
func (w *Wrapper) Unwrap(ctx context.Context, day uint32, generation uint8, wrapped []byte) (plaintext []byte, err error) {
	err = w.Read(ctx, "Unwrap", func() error {
		opened, err := w.aead.Open(nil, nil, wrapped, w.context(day, generation))
		if err != nil {
			return fmt.Errorf("unwrapping in memory: %w", envelope.ErrCorrupt)
		}
		plaintext = opened
		return nil
	})
	return plaintext, err
}

func (w *Wrapper) context(day uint32, generation uint8) []byte {
	return fmt.Appendf(nil, "%q %d %d", w.stage, day, generation)
}
