package account_test

import (
	"encoding/base32"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/shared/account"
	"sallyport/shared/otp"
	"sallyport/shared/password"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

// rightPassword is everybody's.
const rightPassword = "correct horse battery"

// rightHash is its hash at the least costs, made once.
var rightHash = sync.OnceValues(func() (string, error) {
	hasher, err := password.NewHasher(least)
	if err != nil {
		return "", err
	}
	plain, err := password.Prepare(secret.New(rightPassword))
	if err != nil {
		return "", err
	}
	return hasher.Hash(plain)
})

// person is somebody who has an account, and what only they know.
type person struct {
	username string
	userID   token.ID
	key      otp.Secret
	recovery []secret.Text
}

// code is what the person's app shows at the given distance, in steps, from now.
func (w *world) code(p person, steps int64) secret.Text {
	return p.key.CodeAt(otp.StepAt(w.clock.Now()) + steps)
}

// near is all codes that are at most three steps from now.
func (w *world) near(p person) map[string]bool {
	codes := map[string]bool{}
	for steps := int64(-3); steps <= 3; steps++ {
		codes[w.code(p, steps).Reveal()] = true
	}
	return codes
}

// distinct reports whether no two steps near now have the same code, which about one key in 50,000 has.
func (w *world) distinct(p person) bool { return len(w.near(p)) == 7 }

// wrongCode is a code that is right at no step near now.
func (w *world) wrongCode(p person) secret.Text {
	n, near := 0, w.near(p)
	for near[fmt.Sprintf("%06d", n)] {
		n++
	}
	return secret.New(fmt.Sprintf("%06d", n))
}

// person makes an active account, as if it had been registered long ago, without the time that a hash takes.
func (w *world) person(t testing.TB, username string) person {
	t.Helper()
	hash, err := rightHash()
	if err != nil {
		t.Fatal(err)
	}
	p := person{username: username, userID: token.NewID(), key: otp.NewSecret()}
	for !w.distinct(p) {
		p.key = otp.NewSecret()
	}
	a := account.Account{
		Username: username, UserID: p.userID, Status: account.Active, Role: policy.Consumer, PasswordHash: hash,
		SealedTOTPSecret: w.secrets.aead.Seal(nil, nil, p.key.Bytes(), p.userID[:]),
		CreatedAt:        w.clock.Now().Add(-24 * time.Hour).Unix(), Sessions: map[token.ID]account.SessionEntry{},
	}
	for _, code := range otp.NewRecoveryCodes(10) {
		a.RecoveryCodes = append(a.RecoveryCodes, code.Hash(p.key, p.userID.String()))
		p.recovery = append(p.recovery, code.Show())
	}
	w.store.PutAccount(a)
	return p
}

// registered is the person who got this answer.
func registered(t rapid.TB, answer account.Registered) person {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(answer.TOTPSecret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := otp.ParseSecret(key)
	if err != nil {
		t.Fatal(err)
	}
	return person{username: answer.Username, userID: answer.UserID, key: parsed, recovery: answer.RecoveryCodes}
}

func (w *world) account(t testing.TB, username string) account.Account {
	t.Helper()
	a, found := w.store.Snapshot().Accounts[username]
	if !found {
		t.Fatalf("there is no account %q", username)
	}
	return a
}
