package account_test

import (
	"bytes"
	"errors"
	"log/slog"
	"time"

	"pgregory.net/rapid"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
	"sallyport/shared/password"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
)

const (
	stage         = "prod"
	tokenLife     = time.Hour
	challengeLife = 5 * time.Minute
	home          = "203.0.113.7"
	registrations = 40 // of an address in five minutes

	// timeLimit is how long a call may take: a function's 5 s less what it keeps for its answer.
	timeLimit = 4250 * time.Millisecond
)

var (
	noon    = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	errDown = errors.New("connection refused")

	// The least costs that a Hasher takes: a hash of 19 MiB in some 30 ms.
	least = password.Params{MemoryKiB: 19456, Time: 2}
)

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
		FreeRoles: []policy.Role{policy.Consumer}, Issuer: "Sallyport", Now: w.clock.Now, Log: log, PerAddress: registrations,
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

// stored is all that is stored, what is counted aside.
func (w *world) stored() accounttest.Snapshot {
	all := w.store.Snapshot()
	all.Throttles = nil
	return all
}

// answering is how somebody at home answers a challenge.
func answering(challengeID string, code secret.Text) account.FinishInput {
	return account.FinishInput{ChallengeID: challengeID, Code: code, Address: home}
}

func newHasher(t rapid.TB, p password.Params) *password.Hasher {
	t.Helper()
	hasher, err := password.NewHasher(p)
	if err != nil {
		t.Fatal(err)
	}
	return hasher
}
