package main

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/password"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

func TestTheSampleIsAnsweredLikeARegistrationAfterAReset(t *testing.T) {
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 19456, Time: 2})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := password.Prepare(secret.New("sample passphrase of six words"))
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(plain)
	if err != nil {
		t.Fatal(err)
	}
	store, event := accounttest.NewStore(), apigwtest.Event[apigw.Request](t, "enrol")
	enrol := handler(&account.Reenroller{
		Store: store, Sealer: accounttest.Unsealed{}, Hasher: hasher, Issuer: "Sallyport", Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if _, err := enrol(t.Context(), event); apperr.CodeOf(err) != apperr.Unauthenticated {
		t.Errorf("an unknown name: %v", err)
	}
	code := sha256.Sum256([]byte("sallyport enrolment v1\x00ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	store.PutAccount(account.Account{
		Username: "sample.user", UserID: token.NewID(), Status: account.Active, Role: policy.Developer, PasswordHash: hash,
		SealedTOTPSecret: otp.NewSecret().Bytes(), EnrolmentHash: hex.EncodeToString(code[:]), EnrolmentExpiresAt: time.Now().Unix() + 60,
	})
	answer, err := enrol(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := answer.Body.(response)
	a := store.Snapshot().Accounts["sample.user"]
	key, err := otp.ParseSecret(a.SealedTOTPSecret)
	if err != nil || !ok || answer.Status != 201 || got.UserID != a.UserID.String() || answer.Account != a.UserID || got.Username != "sample.user" ||
		got.Role != "DEVELOPER" || got.TOTP.Secret != key.Base32().Reveal() || got.TOTP.URI == "" || len(got.RecoveryCodes) != 10 {
		t.Errorf("status %d, role %s, %d codes, %v", answer.Status, got.Role, len(got.RecoveryCodes), err)
	}
}
