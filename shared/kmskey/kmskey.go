// Package kmskey is the domain's one AWS KMS key: it makes and unwraps data keys (envelope.KeyWrapper), and seals and opens
// TOTP secrets. Every ciphertext is bound to an encryption context (AWS KMS Developer Guide, "Encryption context"): it
// decrypts with the very same one only, the functions' policies grant calls by it, and CloudTrail shows it in the clear.
package kmskey

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"sallyport/shared/apperr"
	"sallyport/shared/envelope"
	"sallyport/shared/token"
)

// The purposes keep the two kinds of ciphertext apart. Policies name them.
const (
	purposeAccessToken = "access-token"
	purposeTOTPSecret  = "totp-secret"
)

// maxCiphertext is the most that Decrypt takes, in bytes (AWS KMS API Reference, Decrypt, CiphertextBlob).
const maxCiphertext = 6144

// Key is the KMS key, as one stage uses it. It is safe for concurrent use.
//
// The errors of its methods have the code apperr.Corrupt if KMS says that a ciphertext is damaged, of another encryption
// context or of another key, and apperr.ServiceUnavailable for everything else: KMS did not answer in time or refused, or the
// key is disabled or about to be deleted.
type Key struct {
	client *kms.Client
	id     string
	stage  string
}

var _ envelope.KeyWrapper = (*Key)(nil)

// New returns the key of that id or ARN, for one stage.
func New(client *kms.Client, keyID, stage string) *Key {
	return &Key{client: client, id: keyID, stage: stage}
}

// NewDataKey implements envelope.KeyWrapper.
func (k *Key) NewDataKey(ctx context.Context, day uint32, generation uint8) (plaintext, wrapped []byte, err error) {
	out, err := k.client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: &k.id, KeySpec: types.DataKeySpecAes256, EncryptionContext: k.dataKeyContext(day, generation),
	})
	if err != nil {
		return nil, nil, apperr.Unavailable(fmt.Errorf("kmskey: generating a data key: %w", err))
	}
	if len(out.Plaintext) != envelope.DataKeySize || len(out.CiphertextBlob) == 0 {
		return nil, nil, apperr.Unavailable(fmt.Errorf("kmskey: KMS generated a data key of %d bytes, wrapped in %d",
			len(out.Plaintext), len(out.CiphertextBlob)))
	}
	return out.Plaintext, out.CiphertextBlob, nil
}

// Unwrap implements envelope.KeyWrapper. An error of code apperr.Corrupt wraps envelope.ErrCorrupt.
func (k *Key) Unwrap(ctx context.Context, day uint32, generation uint8, wrapped []byte) ([]byte, error) {
	plaintext, err := k.decrypt(ctx, wrapped, k.dataKeyContext(day, generation))
	if err == nil && len(plaintext) != envelope.DataKeySize {
		err = fmt.Errorf("%w: a data key of %d bytes", errSize, len(plaintext))
		clear(plaintext)
	}
	switch {
	case isCorrupt(err):
		return nil, apperr.Tampered("data_key_corrupt", fmt.Errorf("kmskey: %w: %w", envelope.ErrCorrupt, err))
	case err != nil:
		return nil, apperr.Unavailable(fmt.Errorf("kmskey: unwrapping a data key: %w", err))
	}
	return plaintext, nil
}

// SealSecret encrypts an account's TOTP secret, of at most 4,096 bytes, and binds it to the account.
func (k *Key) SealSecret(ctx context.Context, userID token.ID, plaintext []byte) ([]byte, error) {
	out, err := k.client.Encrypt(ctx, &kms.EncryptInput{
		KeyId: &k.id, Plaintext: plaintext, EncryptionContext: k.secretContext(userID),
	})
	if err != nil {
		return nil, apperr.Unavailable(fmt.Errorf("kmskey: sealing a TOTP secret: %w", err))
	}
	if len(out.CiphertextBlob) == 0 {
		return nil, apperr.Unavailable(errors.New("kmskey: KMS sealed a TOTP secret to nothing"))
	}
	return out.CiphertextBlob, nil
}

// OpenSecret decrypts what SealSecret sealed for the same account and stage. Whether that is a TOTP secret is for the caller
// to check.
func (k *Key) OpenSecret(ctx context.Context, userID token.ID, sealed []byte) ([]byte, error) {
	plaintext, err := k.decrypt(ctx, sealed, k.secretContext(userID))
	switch {
	case isCorrupt(err):
		return nil, apperr.Tampered("totp_secret_corrupt", fmt.Errorf("kmskey: the sealed TOTP secret is corrupt or of another account: %w", err))
	case err != nil:
		return nil, apperr.Unavailable(fmt.Errorf("kmskey: opening a TOTP secret: %w", err))
	}
	return plaintext, nil
}

// decrypt names the key although a ciphertext names its own, so that one under another key, which the function may happen
// to be allowed to use, is refused (AWS KMS API Reference, Decrypt, KeyId).
func (k *Key) decrypt(ctx context.Context, ciphertext []byte, encryptionContext map[string]string) ([]byte, error) {
	if len(ciphertext) == 0 || len(ciphertext) > maxCiphertext { // KMS would call it invalid input, not a corrupt ciphertext
		return nil, fmt.Errorf("%w: a ciphertext of %d bytes", errSize, len(ciphertext))
	}
	out, err := k.client.Decrypt(ctx, &kms.DecryptInput{
		KeyId: &k.id, CiphertextBlob: ciphertext, EncryptionContext: encryptionContext,
	})
	if err != nil {
		return nil, err
	}
	return out.Plaintext, nil
}

// errSize reports what has a length that nothing of ours has.
var errSize = errors.New("impossible length")

// isCorrupt must not take a fault of KMS for a corrupt ciphertext, which is remembered and raises an alarm, nor the other way
// round, which would have callers try again for ever.
func isCorrupt(err error) bool {
	_, damaged := errors.AsType[*types.InvalidCiphertextException](err) // a wrong encryption context included
	_, otherKey := errors.AsType[*types.IncorrectKeyException](err)
	return damaged || otherKey || errors.Is(err, errSize)
}

func (k *Key) dataKeyContext(day uint32, generation uint8) map[string]string {
	return map[string]string{
		"purpose":    purposeAccessToken,
		"stage":      k.stage,
		"key_day":    envelope.Date(day),
		"generation": strconv.Itoa(int(generation)),
	}
}

func (k *Key) secretContext(userID token.ID) map[string]string {
	return map[string]string{"purpose": purposeTOTPSecret, "stage": k.stage, "user_id": userID.String()}
}
