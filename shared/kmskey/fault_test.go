package kmskey_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/shared/apperr"
	"sallyport/shared/awsboot"
	"sallyport/shared/envelope"
	"sallyport/shared/kmskey"
	"sallyport/shared/token"
	"sallyport/tools/local/awsjson"
	embedded "sallyport/tools/local/kms"
)

// These promises are checked against the embedded KMS alone: moto lets a disabled key decrypt, and can be made neither to
// throttle nor to hang.

func TestAKeyOutOfUseIsUnavailableAndWorksOnceItIsBack(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]struct {
		out, back func(context.Context, *kms.Client) error
	}{
		"disabled": {
			func(ctx context.Context, c *kms.Client) error {
				_, err := c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: aws.String(embeddedKeyID)})
				return err
			},
			enable,
		},
		"pending deletion": {
			func(ctx context.Context, c *kms.Client) error {
				_, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(embeddedKeyID)})
				return err
			},
			func(ctx context.Context, c *kms.Client) error {
				_, err := c.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: aws.String(embeddedKeyID)})
				return errors.Join(err, enable(ctx, c))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, client := startEmbedded(t)
			key := kmskey.New(client, embeddedKeyID, stage)
			_, wrapped := newDataKey(t, key)
			if err := state.out(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			wantAllUnavailable(t.Context(), t, key, wrapped)
			if err := state.back(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			if _, err := key.Unwrap(t.Context(), day, 7, wrapped); err != nil {
				t.Errorf("the key is back: %v", err)
			}
		})
	}
}

func enable(ctx context.Context, c *kms.Client) error {
	_, err := c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: aws.String(embeddedKeyID)})
	return err
}

func TestACiphertextUnderAnotherKeyIsCorrupt(t *testing.T) {
	t.Parallel()
	_, client := startEmbedded(t)
	other, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	_, wrapped := newDataKey(t, kmskey.New(client, aws.ToString(other.KeyMetadata.KeyId), stage))
	plaintext, err := kmskey.New(client, embeddedKeyID, stage).Unwrap(t.Context(), day, 7, wrapped)
	wantCorrupt(t, "another key's", plaintext, err)
	if !errors.Is(err, envelope.ErrCorrupt) {
		t.Errorf("%v does not wrap envelope.ErrCorrupt", err)
	}
}

func TestARefusalOrFaultOfKMSIsUnavailable(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{
		"throttled":     embedded.Throttled(),
		"internal":      embedded.Internal(),
		"access denied": &awsjson.Error{Code: "AccessDeniedException", Message: "not authorized to perform: kms:Decrypt"},
		"validation":    &awsjson.Error{Code: "ValidationException", Message: "1 validation error detected"},
		"expired":       &awsjson.Error{Code: "ExpiredTokenException", Message: "The security token included in the request is expired"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := startEmbedded(t)
			key := kmskey.New(client, embeddedKeyID, stage)
			_, wrapped := newDataKey(t, key)
			server.Intercept(func(awsjson.Call) error { return fault })
			wantAllUnavailable(t.Context(), t, key, wrapped)
		})
	}
}

func TestAnUnreachableKMSIsUnavailable(t *testing.T) {
	t.Parallel()
	key := kmskey.New(newClient(t, "http://127.0.0.1:1"), embeddedKeyID, stage) // nothing listens on port 1
	wantAllUnavailable(t.Context(), t, key, []byte("wrapped"))
}

func TestAnAnswerWithoutAKeyOrCiphertextIsUnavailable(t *testing.T) {
	t.Parallel()
	hollow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	t.Cleanup(hollow.Close)
	key := kmskey.New(newClient(t, hollow.URL), embeddedKeyID, stage)
	if _, _, err := key.NewDataKey(t.Context(), day, 7); apperr.CodeOf(err) != apperr.ServiceUnavailable {
		t.Errorf("NewDataKey: %v", err)
	}
	if _, err := key.SealSecret(t.Context(), token.NewID(), []byte("secret")); apperr.CodeOf(err) != apperr.ServiceUnavailable {
		t.Errorf("SealSecret: %v", err)
	}
}

func TestAMomentOfThrottlingIsNotNoticed(t *testing.T) {
	t.Parallel()
	server, client := startEmbedded(t)
	key := kmskey.New(client, embeddedKeyID, stage)
	_, wrapped := newDataKey(t, key)
	throttled := make(chan error, 1)
	throttled <- embedded.Throttled()
	server.Intercept(func(awsjson.Call) error {
		select {
		case err := <-throttled:
			return err
		default:
			return nil
		}
	})
	if _, err := key.Unwrap(t.Context(), day, 7, wrapped); err != nil {
		t.Error(err)
	}
}

func TestAHangIsGivenUpOnAndRecoversByItself(t *testing.T) {
	t.Parallel()
	server, client := startEmbedded(t)
	key := kmskey.New(client, embeddedKeyID, stage)
	plaintext, wrapped := newDataKey(t, key)
	server.Intercept(func(awsjson.Call) error { return awsjson.ErrHang })
	start := time.Now()
	_, err := key.Unwrap(t.Context(), day, 7, wrapped)
	if took := time.Since(start); apperr.CodeOf(err) != apperr.ServiceUnavailable || took > awsboot.CallLimit+2*time.Second {
		t.Errorf("after %v (limit %v): %v", took, awsboot.CallLimit, err)
	}
	server.Intercept(nil)
	got, err := key.Unwrap(t.Context(), day, 7, wrapped)
	if err != nil || !bytes.Equal(got, plaintext) {
		t.Errorf("KMS answers again: %d bytes, %v", len(got), err)
	}
}
