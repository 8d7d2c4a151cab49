package accounttest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
	"sallyport/shared/otp"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// lives is a store in which anything may happen to accounts, sessions and API tokens in any order, beside a simple model of what must be
// so. It knows nothing of rows, transactions or seals. Passwords and wrong codes are for other tests.
type lives struct {
	store Everything
	now   time.Time

	finisher   *account.Finisher
	renewer    *session.Renewer
	revoker    *session.Revoker
	authorizer *session.Authorizer
	maker      *account.APITokenMaker
	changer    *account.Changer

	people     map[string]*livesPerson // by name
	challenges []*livesChallenge
	sessions   []*livesSession
	tokens     []*livesToken
	calls      int
}

type livesPerson struct {
	name     string
	userID   token.ID
	key      otp.Secret
	lastStep int64
	status   account.Status
	role     policy.Role
}

type livesChallenge struct {
	id      string
	of      *livesPerson
	expires time.Time
	over    bool
}

// livesSession is a session with all the tokens that it has had: the last one is the current one.
type livesSession struct {
	of        *livesPerson
	id        string
	identity  session.Identity // of the current token
	tokens    []secret.Text
	expiries  []int64
	renewedAt time.Time
	limit     int64
	ended     bool
}

type livesToken struct {
	of       *livesPerson
	id       token.ID
	text     secret.Text
	expires  int64
	revoked  bool
	narrowed bool
}

const (
	livesTokenLife = time.Hour
	livesGrace     = 2 * time.Second
)

// secrets keeps authenticator secrets in clear: what seals them is for other tests.
type secrets struct{}

// OpenSecret implements account.SecretOpener.
func (secrets) OpenSecret(_ context.Context, _ token.ID, sealed []byte) ([]byte, error) {
	return slices.Clone(sealed), nil
}

// Lives lets anything happen to a fresh store, and fails the test when what it says is not what the model says.
func Lives(t *rapid.T, store Everything) {
	log := slog.New(slog.DiscardHandler)
	m := &lives{store: store, now: time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC), people: map[string]*livesPerson{}}
	clock := func() time.Time { return m.now }
	ring := envelope.NewRing(envelopetest.NewStore(), envelopetest.NewWrapper("prod"), "prod", clock, log)
	issuer := session.NewIssuer(ring, clock, livesTokenLife)
	m.finisher = &account.Finisher{Store: store, Opener: secrets{}, Issuer: issuer, Now: clock, Log: log}
	m.renewer = session.NewRenewer(store, ring, clock, livesTokenLife)
	m.revoker = session.NewRevoker(store)
	m.authorizer = session.NewAuthorizer(ring, store, clock)
	m.maker = &account.APITokenMaker{Store: store, Issuer: issuer, Now: clock}
	m.changer = account.NewChanger(store)
	for range livesNames() { // so that there is something to begin with
		m.register(t)
		m.login(t)
		m.verify(t)
	}
	t.Repeat(map[string]func(*rapid.T){
		"register": m.register, "log in": m.login, "verify": m.verify, "verify again": m.verify, "renew": m.renew, "renew again": m.renew,
		"call": m.call, "log out": m.logout, "end one": m.endOne, "end others": m.endOthers, "make a token": m.make, "revoke a token": m.revoke,
		"end all": m.endAll, "disable": m.disable, "enable": m.enable, "change the role": m.setRole, "remove": m.remove, "wait": m.wait, "wait on": m.wait,
		"": m.check,
	})
}

func wantCode(t *rapid.T, what string, err error, code apperr.Code) {
	t.Helper()
	if apperr.CodeOf(err) != code {
		t.Fatalf("%s: %v, want %q", what, err, code)
	}
}

func livesNames() []string { return []string{"alice", "bob"} }

func drawName(t *rapid.T) string { return rapid.SampledFrom(livesNames()).Draw(t, "name") }

// draw returns one of those that there ever were, nil if there were none.
func draw[T any](t *rapid.T, what string, all []*T) *T {
	if len(all) == 0 {
		return nil
	}
	return all[max(0, len(all)-1-rapid.IntRange(0, 5).Draw(t, what))] // the latest, mostly
}

func (m *lives) register(t *rapid.T) {
	name := drawName(t)
	p := &livesPerson{name: name, userID: token.NewID(), key: otp.NewSecret(), status: account.Pending, role: policy.Developer}
	err := m.store.CreateAccount(t.Context(), account.Creation{Account: account.Account{
		Username: name, UserID: p.userID, Status: account.Pending, Role: p.role, PasswordHash: "$argon2id$", SealedTOTPSecret: p.key.Bytes(),
		RecoveryCodes: []string{"one"}, CreatedAt: m.now.Unix(),
	}})
	if taken := m.people[name] != nil; taken != (err != nil) {
		t.Fatalf("registering %s, which is taken: %v: %v", name, taken, err)
	}
	if err == nil {
		m.people[name] = p
	}
}

// login opens a challenge, as the right password does.
func (m *lives) login(t *rapid.T) {
	p := m.people[drawName(t)]
	if p == nil || p.status == account.Disabled {
		return
	}
	a, _, err := m.store.Account(t.Context(), p.name)
	if err != nil {
		t.Fatal(err)
	}
	c := &livesChallenge{id: token.NewID().String(), of: p, expires: m.now.Add(5 * time.Minute)}
	if err := m.store.AddChallenge(t.Context(), account.Challenge{
		ID: c.id, Username: p.name, UserID: p.userID, SessionVersion: a.SessionVersion, ExpiresAt: c.expires.Unix(),
	}); err != nil {
		t.Fatal(err)
	}
	m.challenges = append(m.challenges, c)
}

func (m *lives) verify(t *rapid.T) {
	c := draw(t, "challenge", m.challenges)
	if c == nil {
		return
	}
	p, step := c.of, otp.StepAt(m.now)
	m.calls++
	signedIn, err := m.finisher.Finish(t.Context(), account.FinishInput{
		ChallengeID: c.id, Code: p.key.CodeAt(step), Address: fmt.Sprintf("2001:db8:%x::1", m.calls),
	})
	if c.over || !m.now.Before(c.expires) || step <= p.lastStep {
		wantCode(t, "a challenge or a code that is over", err, apperr.Unauthenticated)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	c.over, p.lastStep, p.status = true, step, account.Active
	m.sessions = append(m.sessions, &livesSession{
		of: p, id: signedIn.Identity.SessionID, identity: signedIn.Identity, tokens: []secret.Text{signedIn.AccessToken},
		expiries: []int64{signedIn.Identity.ExpiresAt}, limit: m.now.Add(session.MaxSessionLife).Unix(),
	})
}

func (m *lives) lives(s *livesSession) bool {
	return !s.ended && s.expiries[len(s.expiries)-1] > m.now.Unix()
}

func (m *lives) good(k *livesToken) bool { return !k.revoked && k.expires > m.now.Unix() }

// pick draws a session and one of its tokens, and returns whether it is the current one, and whether it was replaced just now. It
// notes that the session ends if it was replaced longer ago: whoever is asked for it next finds that out.
func (m *lives) pick(t *rapid.T) (s *livesSession, presented secret.Text, current, justNow bool) {
	s = draw(t, "session", m.sessions)
	if s == nil {
		return nil, secret.Text{}, false, false
	}
	last := len(s.tokens) - 1
	i := max(0, last-rapid.SampledFrom([]int{0, 0, 0, 0, 1, 1, 2}).Draw(t, "tokens back"))
	presented, current = s.tokens[i], i == last
	if !current && m.lives(s) && s.expiries[i] > m.now.Unix() {
		if justNow = i == last-1 && m.now.Sub(s.renewedAt) <= livesGrace; !justNow {
			s.ended = true
		}
	}
	return s, presented, current, justNow
}

func (m *lives) renew(t *rapid.T) {
	s, presented, current, justNow := m.pick(t)
	if s == nil {
		return
	}
	var renewed session.Renewed
	identity, err := m.authorizer.Authorize(t.Context(), presented, session.Renewal())
	if err == nil {
		renewed, err = m.renewer.Renew(t.Context(), identity)
	}
	switch {
	case !m.lives(s) || !current && !justNow:
		wantCode(t, "renewing a session that has ended, or with a token that is replaced", err, apperr.Unauthenticated)
	case justNow:
		if err != nil || renewed.AccessToken.Reveal() != s.tokens[len(s.tokens)-1].Reveal() {
			t.Fatalf("a lost answer is not repeated: %v", err)
		}
	case !s.renewedAt.IsZero() && m.now.Sub(s.renewedAt) <= livesGrace:
		wantCode(t, "renewing twice at once", err, apperr.TooManyRequests)
	default:
		if err != nil || renewed.Identity.SessionID != s.id || renewed.Identity.ExpiresAt > s.limit {
			t.Fatalf("renewing: %+v, %v", renewed, err)
		}
		s.identity, s.renewedAt = renewed.Identity, m.now
		s.tokens, s.expiries = append(s.tokens, renewed.AccessToken), append(s.expiries, renewed.Identity.ExpiresAt)
	}
}

func dashboard() policy.Route {
	return policy.Route{API: policy.Own, Method: "GET", Resource: "/dashboard"}
}

// call makes a request with any token that a session has had.
func (m *lives) call(t *rapid.T) {
	s, presented, current, _ := m.pick(t)
	if s == nil {
		return
	}
	_, err := m.authorizer.Authorize(t.Context(), presented, dashboard())
	if want := current && m.lives(s); want != (err == nil) {
		t.Fatalf("a request is let in: %v, want %v: %v", err == nil, want, err)
	}
}

// caller draws a session that goes on.
func (m *lives) caller(t *rapid.T) *livesSession {
	if s := draw(t, "caller", m.sessions); s != nil && m.lives(s) {
		return s
	}
	return nil
}

func (m *lives) logout(t *rapid.T) {
	if s := m.caller(t); s != nil {
		if err := m.revoker.Revoke(t.Context(), s.identity); err != nil {
			t.Fatal(err)
		}
		s.ended = true
	}
}

func (m *lives) endOne(t *rapid.T) {
	by, s := m.caller(t), draw(t, "session", m.sessions)
	if by == nil {
		return
	}
	err := account.EndSession(t.Context(), m.store, m.store, by.identity, s.id)
	switch {
	case s.of != by.of:
		wantCode(t, "ending another's", err, apperr.NotFound)
	case m.lives(s) && err != nil, err != nil && apperr.CodeOf(err) != apperr.NotFound:
		t.Fatalf("ending one: %v", err)
	default:
		s.ended = true
	}
}

func (m *lives) endOthers(t *rapid.T) {
	by := m.caller(t)
	if by == nil {
		return
	}
	if _, err := account.EndOtherSessions(t.Context(), m.store, by.identity); err != nil {
		t.Fatal(err)
	}
	for _, s := range m.sessions {
		s.ended = s.ended || s.of == by.of && s != by
	}
	m.voidChallenges(by.of)
}

func (m *lives) make(t *rapid.T) {
	by := m.caller(t)
	if by == nil {
		return
	}
	life := rapid.SampledFrom([]int64{60, 3600, 7_776_000}).Draw(t, "life")
	k := &livesToken{of: by.of, expires: m.now.Unix() + life, narrowed: rapid.Bool().Draw(t, "narrowed")}
	in := account.APITokenInput{Name: "x", ExpiresIn: &life}
	if k.narrowed {
		in.Routes = []policy.Route{dashboard()}
	}
	noted := 0
	for _, other := range m.tokens {
		if other.of == by.of && m.good(other) {
			noted++
		}
	}
	minted, made, err := m.maker.Make(t.Context(), by.identity, in)
	if noted == account.MaxAPITokens {
		wantCode(t, "one token too many", err, apperr.LimitReached)
		return
	}
	if err != nil || made.ExpiresAt != k.expires {
		t.Fatalf("making a token: %+v, %v", made, err)
	}
	k.id, k.text = made.TokenID, minted
	m.tokens = append(m.tokens, k)
}

func (m *lives) revoke(t *rapid.T) {
	by, k := m.caller(t), draw(t, "API token", m.tokens)
	if by == nil || k == nil {
		return
	}
	err := account.RevokeAPIToken(t.Context(), m.store, m.store, by.identity, k.id.String())
	switch {
	case k.of != by.of:
		wantCode(t, "revoking another's", err, apperr.NotFound)
	case m.good(k) && err != nil, err != nil && apperr.CodeOf(err) != apperr.NotFound:
		t.Fatalf("revoking: %v", err)
	default:
		k.revoked = true
	}
}

func (m *lives) voidChallenges(p *livesPerson) {
	for _, c := range m.challenges {
		c.over = c.over || c.of == p
	}
}

// over notes that all ends that the person has.
func (m *lives) over(p *livesPerson) {
	for _, s := range m.sessions {
		s.ended = s.ended || s.of == p
	}
	for _, k := range m.tokens {
		k.revoked = k.revoked || k.of == p
	}
	m.voidChallenges(p)
}

// change has an account changed that there is, and notes what the change does unless it was so already.
func (m *lives) change(t *rapid.T, do func(name string) (account.Changed, error), note func(p *livesPerson)) {
	p := m.people[drawName(t)]
	if p == nil || p.status != account.Disabled && rapid.IntRange(0, 6).Draw(t, "rarely") > 0 { // else nothing lives long enough
		return
	}
	done, err := do(p.name)
	if err != nil {
		t.Fatal(err)
	}
	if !done.Already {
		m.over(p)
		note(p)
	}
}

func (m *lives) endAll(t *rapid.T) {
	m.change(t, func(name string) (account.Changed, error) { return m.changer.EndSessions(t.Context(), name) }, func(*livesPerson) {})
}

func (m *lives) disable(t *rapid.T) {
	m.change(t, func(name string) (account.Changed, error) { return m.changer.Disable(t.Context(), name) },
		func(p *livesPerson) { p.status = account.Disabled })
}

func (m *lives) enable(t *rapid.T) {
	m.change(t, func(name string) (account.Changed, error) { return m.changer.Enable(t.Context(), name) }, func(p *livesPerson) {
		p.status = account.Active
	})
}

func (m *lives) setRole(t *rapid.T) {
	role := rapid.SampledFrom(policy.Roles()).Draw(t, "role")
	m.change(t, func(name string) (account.Changed, error) { return m.changer.SetRole(t.Context(), name, role.String()) },
		func(p *livesPerson) { p.role = role })
}

func (m *lives) remove(t *rapid.T) {
	m.change(t, func(name string) (account.Changed, error) { return m.changer.Remove(t.Context(), name) },
		func(p *livesPerson) { delete(m.people, p.name) })
}

func (m *lives) wait(t *rapid.T) {
	m.now = m.now.Add(rapid.SampledFrom([]time.Duration{
		500 * time.Millisecond, time.Second, 2 * time.Second, 2001 * time.Millisecond, 30 * time.Second, 31 * time.Second, 10 * time.Minute,
		50 * time.Minute, livesTokenLife, 12 * time.Hour,
	}).Draw(t, "time"))
}

// check holds the store against the model: each current token lets in exactly if its session goes on, each API token exactly if it is
// good, and whoever is signed in is shown exactly what goes on.
func (m *lives) check(t *rapid.T) {
	sessions, tokens := map[*livesPerson]map[string]bool{}, map[*livesPerson]map[string]bool{}
	asking := map[*livesPerson]session.Identity{}
	for _, p := range m.people {
		sessions[p], tokens[p] = map[string]bool{}, map[string]bool{}
	}
	for _, s := range m.sessions {
		identity, err := m.authorizer.Authorize(t.Context(), s.tokens[len(s.tokens)-1], dashboard())
		if lives := m.lives(s); lives != (err == nil) || lives && (identity != s.identity || identity.Role != s.of.role) {
			t.Fatalf("a session that goes on: %v, is let in as %+v, %v", lives, identity, err)
		}
		if m.lives(s) {
			sessions[s.of][s.id], asking[s.of] = true, s.identity
		}
	}
	for _, k := range m.tokens {
		identity, err := m.authorizer.Authorize(t.Context(), k.text, dashboard())
		if good := m.good(k); good != (err == nil) || good && (identity.Kind != token.API || identity.Role != k.of.role) {
			t.Fatalf("an API token that is good: %v, is let in as %+v, %v", good, identity, err)
		}
		if m.good(k) {
			tokens[k.of][k.id.String()] = true
		}
	}
	for p, caller := range asking {
		listed, err := account.ListSessions(t.Context(), m.store, m.store, caller, m.now)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, s := range listed {
			got[s.SessionID] = true
		}
		if !maps.Equal(got, sessions[p]) {
			t.Fatalf("%s is shown the sessions %v, want %v", p.name, got, sessions[p])
		}
		made, err := account.ListAPITokens(t.Context(), m.store, caller, m.now)
		if err != nil {
			t.Fatal(err)
		}
		got = map[string]bool{}
		for _, k := range made {
			got[k.TokenID.String()] = true
		}
		if !maps.Equal(got, tokens[p]) {
			t.Fatalf("%s is shown the API tokens %v, want %v", p.name, got, tokens[p])
		}
	}
}
