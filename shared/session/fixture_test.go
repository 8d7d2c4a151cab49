package session_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

const (
	stage = "prod"
	life  = time.Hour
)

var (
	noon      = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	errDown   = errors.New("connection refused")
	dashboard = policy.Route{API: policy.Own, Method: "GET", Resource: "/dashboard"}
)

// clock is a clock that stands still until it is set.
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

// kms gives what it cannot unwrap the code that the KMS adapter gives it.
type kms struct{ *envelopetest.Wrapper }

func (k kms) Unwrap(ctx context.Context, day uint32, generation uint8, wrapped []byte) ([]byte, error) {
	plaintext, err := k.Wrapper.Unwrap(ctx, day, generation, wrapped)
	if errors.Is(err, envelope.ErrCorrupt) {
		return nil, apperr.Tampered("data_key_corrupt", err)
	}
	return plaintext, err
}

// world is two functions on the same tables and key: one issues, the other authorizes and revokes.
type world struct {
	clock      *clock
	keys       *envelopetest.Store
	kms        *envelopetest.Wrapper
	records    *sessiontest.Store
	issuer     *session.Issuer
	authorizer *session.Authorizer
	revoker    *session.Revoker
}

func newWorld() *world {
	w := &world{
		clock: &clock{now: noon}, keys: envelopetest.NewStore(), kms: envelopetest.NewWrapper(stage), records: sessiontest.NewStore(nil),
	}
	w.issuer = session.NewIssuer(w.newRing(), w.clock.Now, life)
	w.authorizer = session.NewAuthorizer(w.newRing(), w.records, w.clock.Now)
	w.revoker = session.NewRevoker(w.records)
	return w
}

func (w *world) newRing() *envelope.Ring {
	return envelope.NewRing(w.keys, kms{w.kms}, stage, w.clock.Now, slog.New(slog.DiscardHandler))
}

// signIn begins a session and stores its record. The authorizing function then holds the key; the counts begin anew.
func (w *world) signIn(t testing.TB, role policy.Role) (secret.Text, session.Record) {
	t.Helper()
	minted, record, err := w.issuer.Issue(t.Context(), session.Holder{UserID: token.NewID(), Username: "alice", Role: role})
	if err != nil {
		t.Fatal(err)
	}
	w.records.Add(record)
	if _, err := w.authorizer.Authorize(t.Context(), minted, dashboard); err != nil {
		t.Fatal(err)
	}
	w.forget()
	return minted, record
}

func (w *world) forget() {
	w.keys.Forget()
	w.kms.Forget()
	w.records.Forget()
}

// refusal is how a request was refused, and what that cost.
type refusal struct {
	code   apperr.Code
	reason apperr.Reason
	alarm  bool

	keyReads, unwraps, recordReads int
}

// refused authorizes a request that must not pass.
func (w *world) refused(t testing.TB, presented string, route policy.Route) (refusal, session.Identity) {
	t.Helper()
	w.forget()
	identity, err := w.authorizer.Authorize(t.Context(), secret.New(presented), route)
	if err == nil {
		t.Fatal("it passes")
	}
	found := apperr.From(err)
	if want := detail(found.Code); found.Detail != want {
		t.Errorf("the caller is told %q, want %q", found.Detail, want)
	}
	return refusal{
		code: found.Code, reason: found.Reason, alarm: found.Alarm,
		keyReads: w.keys.Calls("WrappedKey"), unwraps: w.kms.Calls("Unwrap"), recordReads: w.records.Calls("Record"),
	}, identity
}

// detail is the one sentence that a code may come with: it must not tell one cause from another.
func detail(code apperr.Code) string {
	switch code {
	case apperr.Unauthenticated:
		return "The access token is not valid. Sign in again."
	case apperr.Forbidden:
		return "Your role may not call this route."
	default:
		return "A service that this one depends on does not answer. Try again in a few seconds."
	}
}
