package main

import (
	"log/slog"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/apperr"
	"sallyport/shared/password"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

func TestLoginAnswersTheSamplePasswordWithAChallengeAndNothingElse(t *testing.T) {
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
	store := accounttest.NewStore()
	login := handler(&account.Beginner{
		Store: store, Hasher: hasher, ChallengeLife: 5 * time.Minute, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	event := apigwtest.Event[apigw.Request](t, "login")
	if _, err := login(t.Context(), event); apperr.CodeOf(err) != apperr.Unauthenticated {
		t.Errorf("an unknown name: %v", err)
	}
	store.PutAccount(account.Account{
		Username: "sample.user", UserID: token.NewID(), Status: account.Active, Role: policy.Consumer, PasswordHash: hash,
	})
	answer, err := login(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := answer.Body.(response)
	if !ok || answer.Status != 200 || got.ExpiresIn != 300 || got.ChallengeID == "" {
		t.Errorf("%+v", answer)
	}
	if challenge, found, err := store.Challenge(t.Context(), got.ChallengeID); err != nil || !found || challenge.Username != "sample.user" {
		t.Errorf("the challenge %+v, %v, %v", challenge, found, err)
	}
}
