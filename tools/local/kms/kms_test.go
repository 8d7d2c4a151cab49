package kms_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"sallyport/tools/local/awsjson"
	"sallyport/tools/local/kms"
)

const keyID = "11111111-2222-4333-8444-555555555555"

func newClient(t *testing.T) (*sdk.Client, *kms.Server) {
	t.Helper()
	server := kms.NewServer(keyID)
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(listener.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("ASIATEST", "secret", "token"),
	}), server
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	var apiErr smithy.APIError
	if !errors.As(err, &apiErr) || apiErr.ErrorCode() != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func encrypt(t *testing.T, client *sdk.Client, key string, plaintext []byte, encryptionContext map[string]string) []byte {
	t.Helper()
	out, err := client.Encrypt(t.Context(), &sdk.EncryptInput{KeyId: &key, Plaintext: plaintext, EncryptionContext: encryptionContext})
	if err != nil {
		t.Fatalf("encrypt: %v", err)
	}
	return out.CiphertextBlob
}

func TestADataKeyUnwrapsUnderItsEncryptionContextOnly(t *testing.T) {
	client, _ := newClient(t)
	encryptionContext := map[string]string{"purpose": "access-token", "stage": "prod", "key_day": "2026-11-23", "generation": "0"}
	made, err := client.GenerateDataKey(t.Context(), &sdk.GenerateDataKeyInput{KeyId: aws.String(keyID), KeySpec: types.DataKeySpecAes256, EncryptionContext: encryptionContext})
	if err != nil {
		t.Fatal(err)
	}
	arn := "arn:aws:kms:us-east-1:123456789012:key/" + keyID
	if len(made.Plaintext) != 32 || aws.ToString(made.KeyId) != arn {
		t.Errorf("made %d bytes under %s", len(made.Plaintext), aws.ToString(made.KeyId))
	}
	for _, named := range []*string{nil, aws.String(keyID), aws.String(arn)} {
		got, err := client.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: made.CiphertextBlob, KeyId: named, EncryptionContext: encryptionContext})
		if err != nil || !bytes.Equal(got.Plaintext, made.Plaintext) || aws.ToString(got.KeyId) != arn {
			t.Errorf("decrypt naming %s: %v", aws.ToString(named), err)
		}
	}
	for what, wrong := range map[string]map[string]string{
		"none":    nil,
		"another": {"purpose": "totp-secret", "stage": "prod", "key_day": "2026-11-23", "generation": "0"},
		"less":    {"purpose": "access-token", "stage": "prod", "key_day": "2026-11-23"},
		"more":    {"purpose": "access-token", "stage": "prod", "key_day": "2026-11-23", "generation": "0", "x": "y"},
		"shifted": {"purpose": "access-tokens", "tage": "prod", "key_day": "2026-11-23", "generation": "0"},
		"case":    {"Purpose": "access-token", "stage": "prod", "key_day": "2026-11-23", "generation": "0"},
	} {
		_, err := client.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: made.CiphertextBlob, EncryptionContext: wrong})
		wantCode(t, "context: "+what, err, "InvalidCiphertextException")
	}
}

func TestACiphertextWithAnyBitChangedIsRefused(t *testing.T) {
	client, _ := newClient(t)
	blob := encrypt(t, client, keyID, []byte("secret"), nil)
	for i := range blob {
		altered := bytes.Clone(blob)
		altered[i] ^= 1
		_, err := client.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: altered})
		wantCode(t, "altered blob", err, "InvalidCiphertextException")
		if i > 0 {
			_, err = client.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: blob[:i]})
			wantCode(t, "shortened blob", err, "InvalidCiphertextException")
		}
	}
}

func TestAKeyThatIsNotEnabledDoesNothing(t *testing.T) {
	client, _ := newClient(t)
	blob := encrypt(t, client, keyID, []byte("secret"), nil)
	refused := func(code string) {
		t.Helper()
		_, err := client.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: blob})
		wantCode(t, "decrypt", err, code)
		_, err = client.Encrypt(t.Context(), &sdk.EncryptInput{KeyId: aws.String(keyID), Plaintext: []byte("x")})
		wantCode(t, "encrypt", err, code)
		_, err = client.GenerateDataKey(t.Context(), &sdk.GenerateDataKeyInput{KeyId: aws.String(keyID), NumberOfBytes: aws.Int32(64)})
		wantCode(t, "generate", err, code)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := client.DisableKey(t.Context(), &sdk.DisableKeyInput{KeyId: aws.String(keyID)})
	must(err)
	refused("DisabledException")
	_, err = client.ScheduleKeyDeletion(t.Context(), &sdk.ScheduleKeyDeletionInput{KeyId: aws.String(keyID), PendingWindowInDays: aws.Int32(7)})
	must(err)
	refused("KMSInvalidStateException")
	_, err = client.EnableKey(t.Context(), &sdk.EnableKeyInput{KeyId: aws.String(keyID)})
	wantCode(t, "enable while pending deletion", err, "KMSInvalidStateException")
	_, err = client.CancelKeyDeletion(t.Context(), &sdk.CancelKeyDeletionInput{KeyId: aws.String(keyID)})
	must(err)
	refused("DisabledException")
	_, err = client.EnableKey(t.Context(), &sdk.EnableKeyInput{KeyId: aws.String(keyID)})
	must(err)
	got, err := client.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: blob})
	if err != nil || string(got.Plaintext) != "secret" {
		t.Errorf("enabled again: %v", err)
	}
}

func TestAnAliasNamesAKeyWhereverAWSTakesOne(t *testing.T) {
	client, _ := newClient(t)
	alias, target := "alias/some/stack_1", aws.String(keyID)
	if _, err := client.CreateAlias(t.Context(), &sdk.CreateAliasInput{AliasName: &alias, TargetKeyId: target}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{alias, "arn:aws:kms:us-east-1:123456789012:" + alias} {
		described, err := client.DescribeKey(t.Context(), &sdk.DescribeKeyInput{KeyId: &name})
		if err != nil || aws.ToString(described.KeyMetadata.KeyId) != keyID {
			t.Errorf("describe %s: %v", name, err)
		}
		blob := encrypt(t, client, name, []byte("secret"), nil)
		got, err := client.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: blob, KeyId: &name})
		if err != nil || string(got.Plaintext) != "secret" {
			t.Errorf("decrypt naming %s: %v", name, err)
		}
		_, err = client.DisableKey(t.Context(), &sdk.DisableKeyInput{KeyId: &name})
		wantCode(t, "disable by an alias", err, "NotFoundException")
	}
	create := func(name, key string) error {
		_, err := client.CreateAlias(t.Context(), &sdk.CreateAliasInput{AliasName: &name, TargetKeyId: &key})
		return err
	}
	wantCode(t, "the same again", create(alias, keyID), "AlreadyExistsException")
	wantCode(t, "of no key", create("alias/other", "nobody"), "NotFoundException")
	wantCode(t, "of an alias", create("alias/other", alias), "NotFoundException")
	wantCode(t, "without its prefix", create("stack", keyID), "InvalidAliasNameException")
	wantCode(t, "of AWS", create("alias/aws/x", keyID), "InvalidAliasNameException")
	wantCode(t, "with a space", create("alias/a b", keyID), "InvalidAliasNameException")
	_, err := client.DescribeKey(t.Context(), &sdk.DescribeKeyInput{KeyId: aws.String("alias/nobody")})
	wantCode(t, "an unknown alias", err, "NotFoundException")
	if _, err := client.ScheduleKeyDeletion(t.Context(), &sdk.ScheduleKeyDeletionInput{KeyId: target}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "of a key that goes", create("alias/late", keyID), "KMSInvalidStateException")
}

func TestACiphertextOfAnotherKeyIsToldApart(t *testing.T) {
	client, _ := newClient(t)
	made, err := client.CreateKey(t.Context(), &sdk.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	other := aws.ToString(made.KeyMetadata.KeyId)
	blob := encrypt(t, client, other, []byte("secret"), nil)
	_, err = client.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: blob, KeyId: aws.String(keyID)})
	wantCode(t, "naming the wrong key", err, "IncorrectKeyException")
	foreign, _ := newClient(t)
	_, err = foreign.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: blob})
	wantCode(t, "a blob of a key that isn't here", err, "InvalidCiphertextException")
	described, err := client.DescribeKey(t.Context(), &sdk.DescribeKeyInput{KeyId: made.KeyMetadata.Arn})
	if err != nil || !reflect.DeepEqual(described.KeyMetadata, made.KeyMetadata) || described.KeyMetadata.KeyState != types.KeyStateEnabled {
		t.Errorf("describe: %v %+v", err, described)
	}
}

func TestARotatedKeyDecryptsWhatItEncryptedBefore(t *testing.T) {
	client, _ := newClient(t)
	var blobs [][]byte
	for range 3 {
		blobs = append(blobs, encrypt(t, client, keyID, []byte("secret"), map[string]string{"a": "b"}))
		if _, err := client.RotateKeyOnDemand(t.Context(), &sdk.RotateKeyOnDemandInput{KeyId: aws.String(keyID)}); err != nil {
			t.Fatal(err)
		}
	}
	for i, blob := range blobs {
		got, err := client.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: blob, EncryptionContext: map[string]string{"a": "b"}})
		if err != nil || string(got.Plaintext) != "secret" {
			t.Errorf("blob %d: %v", i, err)
		}
	}
}

func TestRequestsBeyondTheLimitsAreRefused(t *testing.T) {
	client, _ := newClient(t)
	sealing := func(size int, encryptionContext map[string]string) error {
		_, err := client.Encrypt(t.Context(), &sdk.EncryptInput{KeyId: aws.String(keyID), Plaintext: make([]byte, size), EncryptionContext: encryptionContext})
		return err
	}
	generating := func(in *sdk.GenerateDataKeyInput) error {
		if in.KeyId == nil {
			in.KeyId = aws.String(keyID)
		}
		_, err := client.GenerateDataKey(t.Context(), in)
		return err
	}
	for what, c := range map[string]struct {
		err  error
		code string
	}{
		"empty plaintext":     {sealing(0, nil), "ValidationException"},
		"oversized plaintext": {sealing(4097, nil), "ValidationException"},
		"oversized context":   {sealing(1, map[string]string{"k": strings.Repeat("x", 8192)}), "ValidationException"},
		"empty context key":   {sealing(1, map[string]string{"": "x"}), "ValidationException"},
		"no size":             {generating(&sdk.GenerateDataKeyInput{}), "ValidationException"},
		"two sizes":           {generating(&sdk.GenerateDataKeyInput{KeySpec: types.DataKeySpecAes256, NumberOfBytes: aws.Int32(32)}), "ValidationException"},
		"size 0":              {generating(&sdk.GenerateDataKeyInput{NumberOfBytes: aws.Int32(0)}), "ValidationException"},
		"size 1025":           {generating(&sdk.GenerateDataKeyInput{NumberOfBytes: aws.Int32(1025)}), "ValidationException"},
		"unknown spec":        {generating(&sdk.GenerateDataKeyInput{KeySpec: "AES_512"}), "ValidationException"},
		"unknown key":         {generating(&sdk.GenerateDataKeyInput{KeyId: aws.String("nobody"), NumberOfBytes: aws.Int32(1)}), "NotFoundException"},
		"key elsewhere":       {generating(&sdk.GenerateDataKeyInput{KeyId: aws.String("arn:aws:kms:eu-west-1:000000000000:key/" + keyID), NumberOfBytes: aws.Int32(1)}), "NotFoundException"},
	} {
		wantCode(t, what, c.err, c.code)
	}
	if err := sealing(4096, map[string]string{"k": strings.Repeat("x", 8191)}); err != nil {
		t.Errorf("at the limits: %v", err)
	}
	_, err := client.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: make([]byte, 6145)})
	wantCode(t, "oversized blob", err, "ValidationException")
	_, err = client.ScheduleKeyDeletion(t.Context(), &sdk.ScheduleKeyDeletionInput{KeyId: aws.String(keyID), PendingWindowInDays: aws.Int32(6)})
	wantCode(t, "window of 6 days", err, "ValidationException")
	_, err = client.CreateKey(t.Context(), &sdk.CreateKeyInput{KeySpec: types.KeySpecRsa2048})
	wantCode(t, "an RSA key", err, "UnsupportedOperationException")
	_, err = client.ListKeys(t.Context(), &sdk.ListKeysInput{})
	wantCode(t, "an operation that isn't here", err, "UnknownOperationException")
}

func TestARequestWithoutASignatureIsRefused(t *testing.T) {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(`{"KeyId":"`+keyID+`","NumberOfBytes":32}`))
	request.Header.Set("X-Amz-Target", "TrentService.GenerateDataKey")
	kms.NewServer(keyID).ServeHTTP(recorder, request)
	if recorder.Code != http.StatusBadRequest || !strings.Contains(recorder.Body.String(), "MissingAuthenticationTokenException") {
		t.Errorf("%d %s", recorder.Code, recorder.Body)
	}
}

func TestFaultsAreInjectedAndEnd(t *testing.T) {
	client, server := newClient(t)
	blob := encrypt(t, client, keyID, []byte("secret"), nil)
	decrypt := func(ctx context.Context) error {
		_, err := client.Decrypt(ctx, &sdk.DecryptInput{CiphertextBlob: blob})
		return err
	}
	fail := func(err error) { server.Intercept(func(awsjson.Call) error { return err }) }
	fail(kms.Throttled())
	wantCode(t, "throttled", decrypt(t.Context()), "ThrottlingException")
	fail(kms.Internal())
	wantCode(t, "internal", decrypt(t.Context()), "KMSInternalException")
	fail(awsjson.ErrHang)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := decrypt(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hanging: %v", err)
	}
	server.Intercept(nil)
	if err := decrypt(t.Context()); err != nil {
		t.Errorf("after the faults: %v", err)
	}
}

func TestCallsAreSafeInParallel(t *testing.T) {
	client, _ := newClient(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			blob := encrypt(t, client, keyID, []byte("secret"), nil)
			if _, err := client.RotateKeyOnDemand(t.Context(), &sdk.RotateKeyOnDemandInput{KeyId: aws.String(keyID)}); err != nil {
				t.Error(err)
			}
			if _, err := client.Decrypt(t.Context(), &sdk.DecryptInput{CiphertextBlob: blob}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
