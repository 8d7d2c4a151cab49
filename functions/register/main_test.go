package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/password"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

// sealer stands for KMS: what it seals can be told from what it was given.
type sealer struct{}

func (sealer) SealSecret(_ context.Context, _ token.ID, plaintext []byte) ([]byte, error) {
	return append([]byte("sealed"), make([]byte, len(plaintext))...), nil
}

func registrar(t *testing.T, store *accounttest.Store) *account.Registrar {
	t.Helper()
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 19456, Time: 2})
	if err != nil {
		t.Fatal(err)
	}
	return &account.Registrar{
		Store: store, Sealer: sealer{}, Hasher: hasher, Strength: password.CheckStrength,
		FreeRoles: []policy.Role{policy.Consumer}, Issuer: "Sallyport", Now: time.Now, Log: slog.New(slog.DiscardHandler), PerAddress: 100,
	}
}

func TestRegisteringShowsTheSecretsOnceAndStoresNoneInClear(t *testing.T) {
	store := accounttest.NewStore()
	answer, err := handler(registrar(t, store))(t.Context(), apigwtest.Event[apigw.Request](t, "register"))
	if err != nil {
		t.Fatal(err)
	}
	got, ok := answer.Body.(response)
	if !ok || answer.Status != 201 || got.Role != "CONSUMER" || len(got.RecoveryCodes) != 10 || len(got.TOTP.Secret) != 32 ||
		!strings.HasPrefix(got.TOTP.URI, "otpauth://totp/Sallyport:") || !strings.Contains(got.TOTP.URI, got.TOTP.Secret) {
		t.Errorf("%+v", answer.Status)
	}
	stored, found, err := store.Account(t.Context(), got.Username)
	if err != nil || !found || stored.Status != account.Pending || !strings.HasPrefix(stored.PasswordHash, "$argon2id$") ||
		stored.UserID.String() != got.UserID || len(stored.RecoveryCodes) != 10 {
		t.Errorf("stored: %v, %v", found, err)
	}
	for i, code := range got.RecoveryCodes {
		if stored.RecoveryCodes[i] == code || stored.RecoveryCodes[i] == strings.ReplaceAll(code, "-", "") {
			t.Error("a recovery code is stored in clear")
		}
	}
}

func TestAnExplicitEmptyRoleOrInvitationIsNotTakenForNone(t *testing.T) {
	for member, want := range map[string]apperr.Code{`"role":""`: apperr.InvalidRequest, `"invitation":""`: apperr.Forbidden} {
		event := apigwtest.Event[apigw.Request](t, "register")
		event.Body = `{"username":"sample.user","password":"a pass phrase of words",` + member + `}`
		store := accounttest.NewStore()
		if _, err := handler(registrar(t, store))(t.Context(), event); apperr.CodeOf(err) != want {
			t.Errorf("%s: %v", member, err)
		}
		if len(store.Snapshot().Accounts) != 0 {
			t.Errorf("%s: an account is stored", member)
		}
	}
}
