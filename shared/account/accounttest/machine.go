package accounttest

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
	"sallyport/shared/otp"
	"sallyport/shared/password"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/throttle"
	"sallyport/shared/token"
)

// TestThrottles has owners and guessers come to both steps of sign-in over the store, in any order and at any time, and holds each answer
// against a model: a number of failures in a row and the end of a wait for each subject, and a number for each address and window.
// Each run of it opens an empty store.
func TestThrottles(t *testing.T, open func(t *testing.T) Everything) {
	t.Helper()
	Fewer(t, 6, 30) // each judged password costs a real hash
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 19456, Time: 2})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := password.Prepare(secret.New(machinePassword))
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(plain)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(rt, open(t), hasher, hash)
		rt.Repeat(map[string]func(*rapid.T){
			"a password": m.password, "a code": m.code, "a code again": m.code, "codes at once": m.codesAtOnce, "time passes": m.wait,
			"an operator": m.unthrottle, "an office": m.office,
		})
	})
}

// Fewer lowers rapid's checks, and the steps of each, for this test, unless the command line has set them.
func Fewer(t *testing.T, checks, steps int) {
	t.Helper()
	for name, n := range map[string]int{"rapid.checks": checks, "rapid.steps": steps} {
		set := false
		flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
		if set {
			continue
		}
		f := flag.Lookup(name)
		was := f.Value.String()
		if err := f.Value.Set(fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Value.Set(was) })
	}
}

const (
	machinePassword = "correct horse battery"
	owner           = "ada"    // has an account
	nobody          = "nobody" // has none
)

// The last two are one network.
func machineAddresses() []string {
	return []string{"203.0.113.7", "198.51.100.9", "2001:db8:1:2:3::4", "2001:db8:1:2:ffff::1"}
}

// count is the model of a subject: what is known of its failures in a row.
type count struct {
	failures int
	blocked  time.Time // no attempt is judged before
	until    time.Time // then they are forgotten
}

// rule is the model of how waits grow: so many failures are free, then the first wait, doubling up to 900 s.
type rule struct {
	free  int
	first time.Duration
}

func (r rule) wait(failures int) time.Duration {
	if failures <= r.free {
		return 0
	}
	return min(r.first<<min(failures-r.free-1, 20), 900*time.Second)
}

type machine struct {
	now      time.Time
	store    Everything
	beginner account.Beginner
	finisher account.Finisher
	userID   token.ID
	key      otp.Secret

	counts   map[string]*count // by subject, in words
	windows  map[string]int    // by route, network and the window's end
	places   map[string]time.Time
	lastStep int64
}

func newMachine(t *rapid.T, store Everything, hasher *password.Hasher, hash string) *machine {
	m := &machine{
		now: time.Unix(now, 0), store: store, userID: token.NewID(), key: otp.NewSecret(),
		counts: map[string]*count{}, windows: map[string]int{}, places: map[string]time.Time{},
	}
	clock := func() time.Time { return m.now }
	log := slog.New(slog.DiscardHandler)
	ring := envelope.NewRing(envelopetest.NewStore(), envelopetest.NewWrapper("prod"), "prod", clock, log)
	m.beginner = account.Beginner{Store: store, Hasher: hasher, ChallengeLife: time.Minute, Now: clock, Log: log}
	m.finisher = account.Finisher{Store: store, Opener: m, Issuer: session.NewIssuer(ring, clock, time.Hour), Now: clock, Log: log}
	if err := store.CreateAccount(t.Context(), account.Creation{Account: account.Account{
		Username: owner, UserID: m.userID, Status: account.Active, Role: policy.Consumer, PasswordHash: hash, SealedTOTPSecret: []byte("sealed"),
		RecoveryCodes: []string{},
	}}); err != nil {
		t.Fatal(err)
	}
	return m
}

// OpenSecret implements account.SecretOpener.
func (m *machine) OpenSecret(context.Context, token.ID, []byte) ([]byte, error) {
	return m.key.Bytes(), nil
}

func (m *machine) address(t *rapid.T) string {
	return rapid.SampledFrom(machineAddresses()).Draw(t, "address")
}

func (m *machine) windowEnd() time.Time { return m.now.Truncate(5 * time.Minute).Add(5 * time.Minute) }

func (m *machine) window(route, address string) string {
	return fmt.Sprint(route, " ", throttle.Network(address), " ", m.windowEnd().Unix())
}

func (m *machine) count(subject string) *count {
	if m.counts[subject] == nil || !m.now.Before(m.counts[subject].until) {
		m.counts[subject] = &count{}
	}
	return m.counts[subject]
}

// turnedAway says how long an attempt has to wait, 0 if it is judged.
func (m *machine) turnedAway(route, address, subject string) time.Duration {
	if m.windows[m.window(route, address)] >= 100 {
		return m.windowEnd().Sub(m.now)
	}
	return max(0, m.count(subject).blocked.Sub(m.now))
}

func (m *machine) failed(route, address, subject string, r rule) {
	m.windows[m.window(route, address)]++
	c := m.count(subject)
	c.failures++
	c.until = m.now.Add(24 * time.Hour)
	if wait := r.wait(c.failures); wait > 0 {
		c.blocked = m.now.Add(wait)
	}
}

// check holds an answer against what the model says of it: the wait, if there is one, and else whether it was right.
func (m *machine) check(t *rapid.T, err error, wait time.Duration, right bool) {
	t.Helper()
	switch code := apperr.CodeOf(err); {
	case wait > 0 && (code != apperr.TooManyRequests || apperr.From(err).RetryAfter != wait):
		t.Fatalf("got %v, want to be told to wait %v", err, wait)
	case wait == 0 && right && err != nil, wait == 0 && !right && code != apperr.Unauthenticated:
		t.Fatalf("judged: %v, and it was right: %v", err, right)
	}
}

func (m *machine) password(t *rapid.T) {
	name, address := rapid.SampledFrom([]string{owner, owner, nobody}).Draw(t, "name"), m.address(t)
	right := rapid.IntRange(0, 3).Draw(t, "right") == 0
	subject := "password of " + name
	if known, ok := m.places[throttle.Network(address)]; ok && name == owner && m.now.Before(known) {
		subject = "password at " + throttle.Network(address)
	}
	text := "incorrect horse"
	if right {
		text = machinePassword
	}
	wait := m.turnedAway("login", address, subject)
	_, err := m.beginner.Begin(t.Context(), account.BeginInput{Username: name, Password: secret.New(text), Address: address})
	right = right && name == owner
	m.check(t, err, wait, right)
	switch {
	case wait > 0:
	case right:
		*m.count(subject) = count{}
	default:
		m.failed("login", address, subject, rule{5, time.Second})
	}
}

const codes = "codes of the owner"

// challenge is what a right password gives; the hash is left out.
func (m *machine) challenge(t *rapid.T) string {
	challenge := account.Challenge{ID: token.NewID().String(), Username: owner, UserID: m.userID, ExpiresAt: m.now.Unix() + 60}
	if err := m.store.AddChallenge(t.Context(), challenge); err != nil {
		t.Fatal(err)
	}
	return challenge.ID
}

// wrong is a code that is right at no step near now.
func (m *machine) wrong() secret.Text {
	near := []string{}
	for step := otp.StepAt(m.now) - 2; step <= otp.StepAt(m.now)+1; step++ {
		near = append(near, m.key.CodeAt(step).Reveal())
	}
	for n := 0; ; n++ {
		if code := fmt.Sprintf("%06d", n); !slices.Contains(near, code) {
			return secret.New(code)
		}
	}
}

// code shows a code that is right, was right once, or is wrong; with a challenge or without.
func (m *machine) code(t *rapid.T) {
	kind, address := rapid.SampledFrom([]string{"wrong", "wrong", "wrong", "right", "without a challenge"}).Draw(t, "kind"), m.address(t)
	step := otp.StepAt(m.now)
	wait := m.turnedAway("verify-otp", address, codes)
	in := account.FinishInput{ChallengeID: token.NewID().String(), Code: m.key.CodeAt(step), Address: address}
	switch kind {
	case "wrong":
		in.Code = m.wrong()
		in.ChallengeID = m.challenge(t)
	case "right":
		in.ChallengeID = m.challenge(t)
	default: // the account is not known, so that its wait is nobody's
		if m.windows[m.window("verify-otp", address)] < 100 {
			wait = 0
		}
	}
	_, err := m.finisher.Finish(t.Context(), in)
	right := kind == "right" && step > m.lastStep
	m.check(t, err, wait, right)
	switch {
	case wait > 0:
	case right:
		m.lastStep = step
		*m.count(codes) = count{}
		m.places[throttle.Network(address)] = m.now.Add(90 * 24 * time.Hour)
	case kind == "wrong":
		m.failed("verify-otp", address, codes, rule{4, 30 * time.Second})
	case kind == "without a challenge":
		m.windows[m.window("verify-otp", address)]++
	}
}

// codesAtOnce shows wrong codes in parallel. Of those that no wait turns away at least one is judged, and no more than would be one after
// the other.
func (m *machine) codesAtOnce(t *rapid.T) {
	address := m.address(t)
	if m.turnedAway("verify-otp", address, codes) > 0 || m.windows[m.window("verify-otp", address)] > 90 {
		return
	}
	inputs := make([]account.FinishInput, 8)
	for i := range inputs {
		inputs[i] = account.FinishInput{ChallengeID: m.challenge(t), Code: m.wrong(), Address: address}
	}
	var all sync.WaitGroup
	errs := make([]error, len(inputs))
	for i, in := range inputs {
		all.Go(func() { _, errs[i] = m.finisher.Finish(t.Context(), in) })
	}
	all.Wait()
	before, judged := m.count(codes).failures, 0
	for _, err := range errs {
		if apperr.CodeOf(err) == apperr.Unauthenticated {
			judged++
			m.failed("verify-otp", address, codes, rule{4, 30 * time.Second})
		}
	}
	if most := max(0, 4-before) + 1; judged < 1 || judged > most {
		t.Fatalf("%d were judged after %d failures, want at most %d", judged, before, most)
	}
	for _, err := range errs {
		if apperr.CodeOf(err) == apperr.Unauthenticated {
			continue
		}
		if wait := max(time.Second, m.count(codes).blocked.Sub(m.now)); apperr.CodeOf(err) != apperr.TooManyRequests || apperr.From(err).RetryAfter > wait {
			t.Fatalf("got %v, want to be told to wait no more than %v", err, wait)
		}
	}
}

func (m *machine) wait(t *rapid.T) {
	m.now = m.now.Add(rapid.SampledFrom([]time.Duration{
		time.Millisecond, 999 * time.Millisecond, time.Second, 4 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute,
		24 * time.Hour, 91 * 24 * time.Hour,
	}).Draw(t, "time"))
}

// unthrottle forgets the owner's failures, everywhere but in the windows.
func (m *machine) unthrottle(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "indeed") > 0 {
		return
	}
	if _, err := account.Unthrottle(t.Context(), m.store, owner); err != nil {
		t.Fatal(err)
	}
	for subject := range m.counts {
		if subject != "password of "+nobody {
			delete(m.counts, subject)
		}
	}
}

// office is others behind an address, who have failed so often in this window that few more may.
func (m *machine) office(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "indeed") > 0 {
		return
	}
	route, address := rapid.SampledFrom([]string{"login", "verify-otp"}).Draw(t, "route"), m.address(t)
	for m.windows[m.window(route, address)] < 98 {
		subject := throttle.AddressSubject(route, address, m.windowEnd())
		if counted, err := m.store.CountFailure(t.Context(), subject, 100, m.windowEnd().Unix()); err != nil || !counted {
			t.Fatalf("%v, %v", counted, err)
		}
		m.windows[m.window(route, address)]++
	}
}
