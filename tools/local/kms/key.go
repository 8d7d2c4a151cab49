package kms

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"time"

	"sallyport/tools/local/awsjson"
)

// Key states. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
const (
	enabled         = "Enabled"
	disabled        = "Disabled"
	pendingDeletion = "PendingDeletion"
)

// key is a symmetric key. The Server's lock guards it.
type key struct {
	id       string
	state    string
	created  time.Time
	deletion time.Time     // while pendingDeletion
	backing  []cipher.AEAD // oldest first: the newest encrypts, all decrypt
}

func newKey(id string, now time.Time) *key {
	return &key{id: id, state: enabled, created: now, backing: []cipher.AEAD{newBackingKey()}}
}

// newBackingKey returns AES-256-GCM under a fresh key. Nonces are random: with a run's at most millions of encryptions a key, the
// chance of a repeat stays far below the 2^-32 that NIST SP 800-38D section 8.3 asks for.
func newBackingKey() cipher.AEAD {
	var master [32]byte
	rand.Read(master[:]) // never fails
	block, err := aes.NewCipher(master[:])
	if err != nil {
		panic(err) // only for a wrong key size
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // only for another block size
	}
	return aead
}

func (k *key) arn() string { return arnPrefix() + k.id }

func arnPrefix() string { return "arn:aws:kms:" + Region + ":" + AccountID + ":key/" }

// usable refuses cryptographic operations with a key that isn't enabled.
func (k *key) usable() error {
	switch k.state {
	case disabled:
		return &awsjson.Error{Code: "DisabledException", Message: k.arn() + " is disabled."}
	case pendingDeletion:
		return k.pending()
	}
	return nil
}

func (k *key) pending() error { return invalidState("%s is pending deletion.", k.arn()) }

// A ciphertext blob is version 1 | length of the key id 1 | key id | number of the backing key 2 | nonce 12 | ciphertext | tag 16.
// What comes before the nonce is authenticated along with the encryption context.
const blobVersion = 1

func (k *key) seal(plaintext, context []byte) []byte {
	generation := len(k.backing) - 1
	header := append([]byte{blobVersion, byte(len(k.id))}, k.id...)    //nolint:gosec // G115: see NewServer and newKeyID
	header = binary.BigEndian.AppendUint16(header, uint16(generation)) //nolint:gosec // G115: at most rotationLimit
	return k.backing[generation].Seal(header, nil, plaintext, append(context, header...))
}

// parseBlob splits a blob without believing it.
func parseBlob(blob []byte) (keyID string, generation, headerSize int, err error) {
	if len(blob) < 2 || blob[0] != blobVersion || len(blob) < 2+int(blob[1])+2 {
		return "", 0, 0, invalidCiphertext()
	}
	headerSize = 2 + int(blob[1]) + 2
	return string(blob[2 : headerSize-2]), int(binary.BigEndian.Uint16(blob[headerSize-2:])), headerSize, nil
}

func (k *key) open(blob, context []byte, generation, headerSize int) ([]byte, error) {
	if generation >= len(k.backing) {
		return nil, invalidCiphertext()
	}
	plaintext, err := k.backing[generation].Open(nil, nil, blob[headerSize:], append(context, blob[:headerSize]...))
	if err != nil {
		return nil, invalidCiphertext() // the cause tells nothing
	}
	return plaintext, nil
}

// invalidCiphertext says nothing about why, as on AWS.
func invalidCiphertext() error { return &awsjson.Error{Code: "InvalidCiphertextException"} }
