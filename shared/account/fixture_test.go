package account_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apperr"
	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
	"sallyport/shared/faults"
	"sallyport/shared/otp"
	"sallyport/shared/password"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

const (
	stage         = "prod"
	tokenLife     = time.Hour
	challengeLife = 5 * time.Minute
	home          = "203.0.113.7"

	// timeLimit is how long a call may take: a function's 5 s less what it keeps for its answer.
	timeLimit = 4250 * time.Millisecond
)

var (
	noon    = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	errDown = errors.New("connection refused")

	// The least costs that a Hasher takes: a hash of 19 MiB in some 30 ms.
	least = password.Params{MemoryKiB: 19456, Time: 2}
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func (c *clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// sealer is KMS for authenticator secrets: AES-256-GCM with the user id as AAD in place of the encryption context. Methods
// can be made to fail by their names: "SealSecret", "OpenSecret".
type sealer struct {
	faults.Plan

	aead cipher.AEAD
}

func newSealer() *sealer {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return &sealer{aead: aead}
}

func (s *sealer) SealSecret(ctx context.Context, userID token.ID, plaintext []byte) (sealed []byte, err error) {
	err = s.Write(ctx, "SealSecret", func() error {
		sealed = s.aead.Seal(nil, nil, plaintext, userID[:])
		return nil
	})
	return sealed, err
}

func (s *sealer) OpenSecret(ctx context.Context, userID token.ID, sealed []byte) (plaintext []byte, err error) {
	err = s.Read(ctx, "OpenSecret", func() error {
		if plaintext, err = s.aead.Open(nil, nil, sealed, userID[:]); err != nil {
			return apperr.Tampered("totp_secret_corrupt", err)
		}
		return nil
	})
	return plaintext, err
}

// world is the functions that sign people in, and the authorizer, on the same tables and keys.
type world struct {
	clock   *clock
	store   *accounttest.Store
	keys    *envelopetest.Store
	kms     *envelopetest.Wrapper
	secrets *sealer
	log     *bytes.Buffer // written under slog's own lock; read it when all is quiet

	registrar  *account.Registrar
	beginner   *account.Beginner
	finisher   *account.Finisher
	inviter    *account.Inviter
	authorizer *session.Authorizer
	revoker    *session.Revoker
}

func newWorld(t rapid.TB) *world {
	t.Helper()
	w := &world{
		clock: &clock{now: noon}, store: accounttest.NewStore(), keys: envelopetest.NewStore(), kms: envelopetest.NewWrapper(stage),
		secrets: newSealer(), log: new(bytes.Buffer),
	}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	ring := envelope.NewRing(w.keys, w.kms, stage, w.clock.Now, log)
	w.registrar = &account.Registrar{
		Store: w.store, Sealer: w.secrets, Hasher: newHasher(t, least), Strength: password.CheckStrength,
		FreeRoles: []policy.Role{policy.Consumer}, Issuer: "Sallyport", Now: w.clock.Now,
	}
	w.beginner = &account.Beginner{
		Store: w.store, Hasher: newHasher(t, least), ChallengeLife: challengeLife, Now: w.clock.Now, Log: log,
	}
	w.finisher = &account.Finisher{
		Store: w.store, Opener: w.secrets, Issuer: session.NewIssuer(ring, w.clock.Now, tokenLife), Now: w.clock.Now, Log: log,
	}
	w.inviter = account.NewInviter(w.store, w.clock.Now)
	w.authorizer = session.NewAuthorizer(ring, w.store, w.clock.Now)
	w.revoker = session.NewRevoker(w.store)
	return w
}

func newHasher(t rapid.TB, p password.Params) *password.Hasher {
	t.Helper()
	hasher, err := password.NewHasher(p)
	if err != nil {
		t.Fatal(err)
	}
	return hasher
}

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

// refused checks that err is a refusal with the code, and returns it.
func refused(t rapid.TB, err error, code apperr.Code) *apperr.Error {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted; want %s", code)
	}
	found := apperr.From(err)
	if found.Code != code || found.Detail == "" {
		t.Fatalf("refused with %q (%v), want %s", found.Detail, err, code)
	}
	return found
}

// wait checks that err is a refusal until the given time from now has passed, and no alarm.
func wait(t testing.TB, err error, want time.Duration) {
	t.Helper()
	if found := refused(t, err, apperr.TooManyRequests); found.RetryAfter != want || found.Alarm {
		t.Fatalf("refused for %v, want %v", found.RetryAfter, want)
	}
}

// atOnce runs do n times at once, and returns the errors.
func atOnce(n int, do func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// codes counts errors by their code; success is the empty one.
func codes(errs []error) map[apperr.Code]int {
	counts := map[apperr.Code]int{}
	for _, err := range errs {
		if err == nil {
			counts[""]++
		} else {
			counts[apperr.CodeOf(err)]++
		}
	}
	return counts
}

func ptr[T any](v T) *T { return &v }
