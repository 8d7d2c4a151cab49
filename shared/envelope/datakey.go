// Package envelope seals token records and makes the tags of tokens, under data keys that KMS wraps (envelope encryption).
//
// A data key is 32 bytes from KMS, one for each UTC day and generation. It is never used itself: from it HKDF-SHA-256
// (RFC 5869) derives a key for the tags of tokens, HMAC-SHA-256 (RFC 2104), and one for sealing, AES-256-GCM (NIST SP 800-38D). The Ring
// fetches data keys, keeps them unwrapped for a bounded time, and makes the new ones.
package envelope

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"sync"
)

// DataKeySize is the length of a data key in bytes.
const DataKeySize = 32

// The sealed form is: version 1 byte | key day 3 | generation 1 | nonce 12 | ciphertext | GCM tag 16. The first five bytes
// need not be authenticated: they only say which key to open with, and each key opens nothing but its own.
const (
	sealedVersion = 1
	headerSize    = 5
	nonceSize     = 12
	tagSize       = 16

	// Overhead is how many bytes longer the sealed form is than what it holds.
	Overhead = headerSize + nonceSize + tagSize
)

// keyID names a data key.
type keyID struct {
	day        uint32
	generation uint8
}

func (id keyID) header() [headerSize]byte {
	// Three bytes hold the days until the year 47904.
	return [headerSize]byte{sealedVersion, byte(id.day >> 16), byte(id.day >> 8), byte(id.day), id.generation} //nolint:gosec // G115: three bytes of the number
}

// dataKey holds what is derived from one data key.
type dataKey struct {
	id      keyID
	macs    *sync.Pool // of HMACs under the signing key: setting one up costs twice as much as a tag
	sealing cipher.AEAD
}

// derive makes the working keys. The info strings bind them to their purpose, stage, day and generation, so that a key of
// one stage or purpose is of no use in another.
func derive(plaintext []byte, stage string, id keyID) (*dataKey, error) {
	if len(plaintext) != DataKeySize {
		return nil, fmt.Errorf("envelope: a data key of %d bytes, want %d", len(plaintext), DataKeySize)
	}
	signing, err := hkdf.Key(sha256.New, plaintext, nil, info("sallyport access token signing v1", stage, id), 32)
	if err != nil {
		return nil, fmt.Errorf("envelope: deriving the signing key: %w", err)
	}
	sealing, err := hkdf.Key(sha256.New, plaintext, nil, info("sallyport token record sealing v1", stage, id), 32)
	if err != nil {
		return nil, fmt.Errorf("envelope: deriving the sealing key: %w", err)
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	// Random 96-bit nonces are good for 2^32 records under one key (SP 800-38D section 8.3): that is a day's sign-ins at
	// 49,000 a second, every second.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	return &dataKey{
		id: id, sealing: aead,
		macs: &sync.Pool{New: func() any { return hmac.New(sha256.New, signing) }},
	}, nil
}

// info encodes its parts so that no two different lists give the same string: each text follows its length.
func info(purpose, stage string, id keyID) string {
	var b []byte
	for _, part := range []string{purpose, stage} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part))) //nolint:gosec // G115: both are short constants of a deployment
		b = append(b, part...)
	}
	b = binary.BigEndian.AppendUint32(b, id.day)
	return string(append(b, id.generation))
}

// tag returns the HMAC-SHA-256 of message under the signing key, which never leaves this type.
func (k *dataKey) tag(message []byte) (tag [sha256.Size]byte) {
	mac := k.macs.Get().(hash.Hash) //nolint:errcheck,forcetypeassert // the pool makes nothing else
	defer k.macs.Put(mac)
	mac.Reset()
	mac.Write(message)
	mac.Sum(tag[:0])
	return tag
}

func (k *dataKey) seal(plaintext, aad []byte) []byte {
	header := k.id.header()
	sealed := make([]byte, headerSize, len(plaintext)+Overhead)
	copy(sealed, header[:])
	return k.sealing.Seal(sealed, nil, plaintext, aad)
}

// open reports false for anything that seal did not make under this key with this aad.
func (k *dataKey) open(sealed, aad []byte) (plaintext []byte, ok bool) {
	if len(sealed) < Overhead || [headerSize]byte(sealed) != k.id.header() {
		return nil, false
	}
	plaintext, err := k.sealing.Open(nil, nil, sealed[headerSize:], aad)
	return plaintext, err == nil
}
