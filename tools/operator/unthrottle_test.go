package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/otp"
	"sallyport/shared/password"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

func TestUnthrottleForgetsTheFailuresOfTheNameAndTheAccountAndNoOthers(t *testing.T) {
	g := openGate(t, dynamotest.Embedded(t))
	g.account("ana", 0)
	g.failsToSignIn("ana", "bob")
	const address, name, code = 2, 1, 1 // the address's wrong passwords, and its wrong codes
	for _, step := range []struct {
		user, says string
		left       int
	}{
		{"eve", "eve may try again. There is no account of that name.\n", address + name + code + name},
		{"ana", "ana may try again.\n", address + name},
		{"ana", "ana may try again.\n", address + name},
		{"bob", "bob may try again. There is no account of that name.\n", address},
	} {
		if got := g.does("unthrottle", "-user", step.user); got != step.says {
			t.Errorf("it says %q", got)
		}
		if n := g.rows(g.tables.Throttles); n != step.left {
			t.Errorf("after %s %d rows are left, want %d", step.user, n, step.left)
		}
	}
}

// failsToSignIn has a wrong password counted against each name, all from one address, and a wrong code against the first, which must
// be an account's.
func (g gate) failsToSignIn(names ...string) {
	g.Helper()
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 19456, Time: 2})
	if err != nil {
		g.Fatal(err)
	}
	right, err := password.Prepare(secret.New("the right password"))
	if err != nil {
		g.Fatal(err)
	}
	hash, err := hasher.Hash(right)
	if err != nil {
		g.Fatal(err)
	}
	g.edit(names[0], func(a *account.Account) { a.PasswordHash = hash })

	now, log := time.Now(), slog.New(slog.DiscardHandler)
	clock := func() time.Time { return now } // one moment, so that the address has one window
	store := accountstore.New(g.client, accountstore.Tables{
		Accounts: g.tables.Accounts, Challenges: g.tables.Challenges, Throttles: g.tables.Throttles, Tokens: g.tables.Tokens,
	})
	beginner := account.Beginner{Store: store, Hasher: hasher, ChallengeLife: time.Minute, Now: clock, Log: log}
	for _, name := range names {
		_, err := beginner.Begin(g.T.Context(), account.BeginInput{Username: name, Password: secret.New("a wrong one"), Address: "203.0.113.7"})
		if apperr.CodeOf(err) != apperr.Unauthenticated {
			g.Fatalf("a wrong password for %s: %v", name, err)
		}
	}
	a := g.stored(names[0])
	challenge := account.Challenge{
		ID: "its id", Username: a.Username, UserID: a.UserID, SessionVersion: a.SessionVersion, ExpiresAt: now.Unix() + 60,
	}
	if err := store.AddChallenge(g.T.Context(), challenge); err != nil {
		g.Fatal(err)
	}
	finisher := account.Finisher{Store: store, Opener: anySecret{}, Now: clock, Log: log}
	anothers := otp.NewRecoveryCodes(1)[0].Show()
	if _, err := finisher.Finish(g.T.Context(), account.FinishInput{ChallengeID: challenge.ID, Code: anothers}); apperr.CodeOf(err) != apperr.Unauthenticated {
		g.Fatalf("a wrong code: %v", err)
	}
}

// anySecret opens every authenticator secret as a new one.
type anySecret struct{}

func (anySecret) OpenSecret(context.Context, token.ID, []byte) ([]byte, error) {
	return otp.NewSecret().Bytes(), nil
}
