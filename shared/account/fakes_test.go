package account_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"sync"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/token"
)

// clock is a clock that stands still until it is moved.
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

// sealer is KMS for authenticator secrets: AES-256-GCM with the user id as AAD in place of the encryption context. Methods
// can be made to fail by their names: "SealSecret", "OpenSecret".
type sealer struct {
	faults.Plan

	aead cipher.AEAD
}

func newSealer() *sealer {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return &sealer{aead: aead}
}

func (s *sealer) SealSecret(ctx context.Context, userID token.ID, plaintext []byte) (sealed []byte, err error) {
	err = s.Write(ctx, "SealSecret", func() error {
		sealed = s.aead.Seal(nil, nil, plaintext, userID[:])
		return nil
	})
	return sealed, err
}

func (s *sealer) OpenSecret(ctx context.Context, userID token.ID, sealed []byte) (plaintext []byte, err error) {
	err = s.Read(ctx, "OpenSecret", func() error {
		if plaintext, err = s.aead.Open(nil, nil, sealed, userID[:]); err != nil {
			return apperr.Tampered("totp_secret_corrupt", err)
		}
		return nil
	})
	return plaintext, err
}
