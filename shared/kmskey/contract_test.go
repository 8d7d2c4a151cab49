package kmskey_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/shared/apperr"
	"sallyport/shared/envelope"
	"sallyport/shared/kmskey"
	"sallyport/shared/token"
)

const (
	stage = "prod"
	day   = 20780 // 2026-11-23
)

// contract runs a promise of the package against every KMS there is.
func contract(t *testing.T, promise func(t *testing.T, client *kms.Client, keyID string)) {
	t.Helper()
	t.Parallel()
	for name, start := range servers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, keyID := start(t)
			promise(t, client, keyID)
		})
	}
}

func TestADataKeyUnwrapsToWhatItWas(t *testing.T) {
	contract(t, func(t *testing.T, client *kms.Client, keyID string) {
		key := kmskey.New(client, keyID, stage)
		plaintext, wrapped := newDataKey(t, key)
		if len(plaintext) != envelope.DataKeySize || bytes.Contains(wrapped, plaintext) {
			t.Errorf("a data key of %d bytes, wrapped in %d", len(plaintext), len(wrapped))
		}
		got, err := key.Unwrap(t.Context(), day, 7, wrapped)
		if err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("unwrapped %d bytes, %v", len(got), err)
		}
		if another, _ := newDataKey(t, key); bytes.Equal(another, plaintext) {
			t.Error("two data keys are the same")
		}
	})
}

func TestASecretOpensToWhatItWas(t *testing.T) {
	contract(t, func(t *testing.T, client *kms.Client, keyID string) {
		key, user := kmskey.New(client, keyID, stage), token.NewID()
		secret := []byte("twenty bytes, secret")
		sealed, err := key.SealSecret(t.Context(), user, secret)
		if err != nil || bytes.Contains(sealed, secret) {
			t.Fatalf("sealed to %d bytes, %v", len(sealed), err)
		}
		opened, err := key.OpenSecret(t.Context(), user, sealed)
		if err != nil || !bytes.Equal(opened, secret) {
			t.Errorf("opened to %d bytes, %v", len(opened), err)
		}
	})
}

// The functions' policies name the encryption contexts, and rows outlive a release: they are a format.
func TestTheEncryptionContextsAreTheAgreedOnes(t *testing.T) {
	contract(t, func(t *testing.T, client *kms.Client, keyID string) {
		key := kmskey.New(client, keyID, stage)
		_, wrapped := newDataKey(t, key)
		user, ok := token.ParseID("00112233445566778899aabbccddeeff")
		if !ok {
			t.Fatal("no user id")
		}
		sealed, err := key.SealSecret(t.Context(), user, []byte("twenty bytes, secret"))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			ciphertext []byte
			context    map[string]string
		}{
			{wrapped, map[string]string{"purpose": "access-token", "stage": "prod", "key_day": "2026-11-23", "generation": "7"}},
			{sealed, map[string]string{"purpose": "totp-secret", "stage": "prod", "user_id": "00112233445566778899aabbccddeeff"}},
		} {
			if _, err := client.Decrypt(t.Context(), &kms.DecryptInput{
				CiphertextBlob: c.ciphertext, EncryptionContext: c.context,
			}); err != nil {
				t.Errorf("%v: %v", c.context, err)
			}
		}
	})
}

func TestACiphertextOpensInItsOwnContextOnly(t *testing.T) {
	contract(t, func(t *testing.T, client *kms.Client, keyID string) {
		key, elsewhere, user := kmskey.New(client, keyID, stage), kmskey.New(client, keyID, "test"), token.NewID()
		_, wrapped := newDataKey(t, key)
		sealed, err := key.SealSecret(t.Context(), user, bytes.Repeat([]byte{1}, envelope.DataKeySize))
		if err != nil {
			t.Fatal(err)
		}
		for name, open := range map[string]func(context.Context) ([]byte, error){
			"another day":        unwrap(key, day+1, 7, wrapped),
			"another generation": unwrap(key, day, 8, wrapped),
			"another stage":      unwrap(elsewhere, day, 7, wrapped),
			"a secret as a key":  unwrap(key, day, 7, sealed),
			"another account":    openSecret(key, token.NewID(), sealed),
			"another stage's":    openSecret(elsewhere, user, sealed),
			"a key as a secret":  openSecret(key, user, wrapped),
		} {
			plaintext, err := open(t.Context())
			wantCorrupt(t, name, plaintext, err)
		}
	})
}

func TestADamagedCiphertextIsCorrupt(t *testing.T) {
	contract(t, func(t *testing.T, client *kms.Client, keyID string) {
		key := kmskey.New(client, keyID, stage)
		_, wrapped := newDataKey(t, key)
		flipped := slices.Clone(wrapped)
		flipped[len(flipped)-1] ^= 1
		for name, damaged := range map[string][]byte{
			"altered": flipped, "cut off": wrapped[:len(wrapped)/2], "noise": []byte("noise"), "nothing": {},
			"more than KMS takes": make([]byte, 6145),
		} {
			plaintext, err := key.Unwrap(t.Context(), day, 7, damaged)
			wantCorrupt(t, name, plaintext, err)
			if !errors.Is(err, envelope.ErrCorrupt) {
				t.Errorf("%s: %v does not wrap envelope.ErrCorrupt", name, err)
			}
			plaintext, err = key.OpenSecret(t.Context(), token.NewID(), damaged)
			wantCorrupt(t, name+", as a secret", plaintext, err)
		}
	})
}

// Whoever may make data keys could leave one of another size.
func TestADataKeyOfAnotherSizeIsCorrupt(t *testing.T) {
	contract(t, func(t *testing.T, client *kms.Client, keyID string) {
		short, err := client.GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{
			KeyId: &keyID, NumberOfBytes: aws.Int32(envelope.DataKeySize / 2),
			EncryptionContext: map[string]string{"purpose": "access-token", "stage": "prod", "key_day": "2026-11-23", "generation": "7"},
		})
		if err != nil {
			t.Fatal(err)
		}
		plaintext, err := kmskey.New(client, keyID, stage).Unwrap(t.Context(), day, 7, short.CiphertextBlob)
		wantCorrupt(t, "half a data key", plaintext, err)
	})
}

func TestAKeyThatDoesNotExistIsUnavailable(t *testing.T) {
	contract(t, func(t *testing.T, client *kms.Client, keyID string) {
		_, wrapped := newDataKey(t, kmskey.New(client, keyID, stage))
		missing := kmskey.New(client, "00000000-0000-4000-8000-000000000000", stage)
		wantAllUnavailable(t.Context(), t, missing, wrapped)
	})
}

func TestACallWhoseContextHasEndedIsUnavailable(t *testing.T) {
	contract(t, func(t *testing.T, client *kms.Client, keyID string) {
		key := kmskey.New(client, keyID, stage)
		_, wrapped := newDataKey(t, key)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantAllUnavailable(ctx, t, key, wrapped)
	})
}

func newDataKey(t *testing.T, key *kmskey.Key) (plaintext, wrapped []byte) {
	t.Helper()
	plaintext, wrapped, err := key.NewDataKey(t.Context(), day, 7)
	if err != nil {
		t.Fatal(err)
	}
	return plaintext, wrapped
}

func unwrap(key *kmskey.Key, day uint32, generation uint8, wrapped []byte) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) { return key.Unwrap(ctx, day, generation, wrapped) }
}

func openSecret(key *kmskey.Key, user token.ID, sealed []byte) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) { return key.OpenSecret(ctx, user, sealed) }
}

func wantCorrupt(t *testing.T, what string, plaintext []byte, err error) {
	t.Helper()
	if got := apperr.From(err); got.Code != apperr.Corrupt || !got.Alarm || plaintext != nil {
		t.Errorf("%s: %d bytes, %v, want %s", what, len(plaintext), err, apperr.Corrupt)
	}
}

// wantAllUnavailable calls every method. wrapped is a data key of the key that the test's servers hold.
func wantAllUnavailable(ctx context.Context, t *testing.T, key *kmskey.Key, wrapped []byte) {
	t.Helper()
	for name, call := range map[string]func() ([]byte, error){
		"NewDataKey": func() ([]byte, error) { plaintext, _, err := key.NewDataKey(ctx, day, 7); return plaintext, err },
		"Unwrap":     func() ([]byte, error) { return key.Unwrap(ctx, day, 7, wrapped) },
		"SealSecret": func() ([]byte, error) { return key.SealSecret(ctx, token.NewID(), []byte("secret")) },
		"OpenSecret": func() ([]byte, error) { return key.OpenSecret(ctx, token.NewID(), wrapped) },
	} {
		out, err := call()
		if apperr.CodeOf(err) != apperr.ServiceUnavailable || errors.Is(err, envelope.ErrCorrupt) || out != nil {
			t.Errorf("%s: %d bytes, %v, want %s", name, len(out), err, apperr.ServiceUnavailable)
		}
	}
}
