package account_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
)

// machine is a world in which anything may happen in any order, beside a model of what must be so: who is registered, which
// challenges and codes are unused, which sessions live.
type machine struct {
	*world

	people     map[string]*modelPerson
	challenges []*modelChallenge
	sessions   []*modelSession
}

type modelPerson struct {
	person

	active    bool
	createdAt time.Time
	lastStep  int64
	unused    []secret.Text // recovery codes
	replaced  bool
}

type modelChallenge struct {
	id      string
	of      *modelPerson
	expires time.Time
	used    bool
}

type modelSession struct {
	signedIn account.SignedIn
	of       *modelPerson
	ended    bool
}

func (m *machine) lives(s *modelSession) bool {
	return !s.ended && s.signedIn.Identity.ExpiresAt > m.clock.Now().Unix()
}

var machineNames = []string{"alice", "bob"}

func (m *machine) register(t *rapid.T) {
	name := rapid.SampledFrom(machineNames).Draw(t, "name")
	holder := m.people[name]
	free := holder == nil || !holder.active && !m.clock.Now().Before(holder.createdAt.Add(15*time.Minute))
	if !free && rapid.IntRange(0, 3).Draw(t, "try all the same") > 0 {
		return
	}
	answer, err := m.registrar.Register(t.Context(), input(name))
	if !free {
		refused(t, err, apperr.UsernameTaken)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if holder != nil {
		holder.replaced = true
	}
	p := registered(t, answer)
	m.people[name] = &modelPerson{person: p, createdAt: m.clock.Now(), unused: slices.Clone(p.recovery)}
}

func (m *machine) login(t *rapid.T) {
	name := rapid.SampledFrom(machineNames).Draw(t, "name")
	text := rapid.SampledFrom([]string{rightPassword, rightPassword, rightPassword, "incorrect horse"}).Draw(t, "password")
	begun, err := m.beginner.Begin(t.Context(), try(name, text))
	holder := m.people[name]
	switch {
	case err != nil && apperr.CodeOf(err) == apperr.TooManyRequests && m.store.Snapshot().Throttles[account.NameSubject(name)].Failures > 5:
	case holder == nil || text != rightPassword:
		refused(t, err, apperr.Unauthenticated)
	case err != nil:
		t.Fatal(err)
	default:
		m.challenges = append(m.challenges, &modelChallenge{id: begun.ChallengeID, of: holder, expires: m.clock.Now().Add(challengeLife)})
	}
}

// verify answers any challenge there ever was with a code of its account that may be right, used, old, or wrong.
func (m *machine) verify(t *rapid.T) {
	if len(m.challenges) == 0 {
		return
	}
	challenge := rapid.SampledFrom(m.challenges).Draw(t, "challenge")
	p := challenge.of
	code, right, use := m.draw(t, p)
	good := !challenge.used && !p.replaced && m.clock.Now().Before(challenge.expires)
	attempts := m.store.Snapshot().Challenges[challenge.id].Attempts
	throttled := m.codeFailures(p.person) >= 5 // maybe: whether the wait is over is for other tests

	signedIn, err := m.finisher.Finish(t.Context(), answering(challenge.id, code))
	switch {
	case err == nil:
		if !good || !right {
			t.Fatalf("signed in with a code that is right: %v, and a challenge that is good: %v", right, good)
		}
		use()
		challenge.used, p.active = true, true
		m.sessions = append(m.sessions, &modelSession{signedIn: signedIn, of: p})
	case apperr.CodeOf(err) == apperr.TooManyRequests:
		if !throttled {
			t.Fatalf("told to wait after %d failures", m.codeFailures(p.person))
		}
	default:
		refused(t, err, apperr.Unauthenticated)
		if good && right && attempts < 5 {
			t.Fatalf("a right code is refused: %v", err)
		}
	}
}

// draw returns a code of any kind, whether it is right now, and what must be noted when it is accepted.
func (m *machine) draw(t *rapid.T, p *modelPerson) (code secret.Text, right bool, use func()) {
	switch rapid.SampledFrom([]string{"app", "app", "app", "recovery", "wrong"}).Draw(t, "kind") {
	case "recovery":
		code = rapid.SampledFrom(p.recovery).Draw(t, "recovery code")
		i := slices.Index(p.unused, code)
		return code, i >= 0, func() { p.unused = slices.Delete(p.unused, i, i+1) }
	case "wrong":
		return m.wrongCode(p.person), false, nil
	}
	code = m.code(p.person, rapid.Int64Range(-2, 1).Draw(t, "steps from now"))
	for _, step := range []int64{otp.StepAt(m.clock.Now()), otp.StepAt(m.clock.Now()) - 1} {
		if p.key.CodeAt(step).Reveal() == code.Reveal() {
			return code, step > p.lastStep, func() { p.lastStep = step }
		}
	}
	return code, false, nil
}

// logout ends any session that there ever was: also twice.
func (m *machine) logout(t *rapid.T) {
	if len(m.sessions) == 0 {
		return
	}
	s := rapid.SampledFrom(m.sessions).Draw(t, "session")
	if err := m.revoker.Revoke(t.Context(), s.signedIn.Identity); err != nil {
		t.Fatal(err)
	}
	s.ended = true
}

// endAll ends all sessions of an account, and voids its challenges.
func (m *machine) endAll(t *rapid.T) {
	name := rapid.SampledFrom(machineNames).Draw(t, "name")
	_, err := account.NewChanger(m.store).EndSessions(t.Context(), name)
	p := m.people[name]
	if p == nil {
		if !errors.Is(err, account.ErrNoAccount) {
			t.Fatalf("of nobody: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range m.sessions {
		s.ended = s.ended || s.of == p
	}
	for _, challenge := range m.challenges {
		challenge.used = challenge.used || challenge.of == p
	}
}

func (m *machine) wait(t *rapid.T) {
	m.clock.Advance(rapid.SampledFrom([]time.Duration{
		time.Second, 10 * time.Second, 30 * time.Second, 30 * time.Second, 5 * time.Minute, 16 * time.Minute, tokenLife - time.Minute,
	}).Draw(t, "time"))
}

// check holds the world against the model: every token there ever was lets in exactly if its session lives, and each account
// lists exactly its live sessions, but for expired ones that no sign-in has dropped yet.
func (m *machine) check(t *rapid.T) {
	for i, s := range m.sessions {
		identity, err := m.authorizer.Authorize(t.Context(), s.signedIn.AccessToken, policy.Route{API: policy.Own, Method: "GET", Resource: "/dashboard"})
		switch lives := m.lives(s); {
		case lives && (err != nil || identity != s.signedIn.Identity):
			t.Fatalf("session %d lives, and gets %v, %v", i, identity, err)
		case !lives && (apperr.CodeOf(err) != apperr.Unauthenticated || identity != session.Identity{}):
			t.Fatalf("session %d has ended, and gets %v, %v", i, identity, err)
		}
	}
	all := m.store.Snapshot()
	for name, p := range m.people {
		a := all.Accounts[name]
		if pending := a.Status == account.Pending; pending != (a.LapsesAt != 0) {
			t.Fatalf("%s is %s and lapses at %d", name, a.Status, a.LapsesAt)
		}
		if active := a.Status == account.Active; active != p.active || a.UserID != p.userID || len(a.RecoveryCodes) != len(p.unused) || a.LastTOTPStep != p.lastStep {
			t.Fatalf("%s is %+v, want %+v", name, a, p)
		}
		want := map[string]bool{}
		for _, s := range m.sessions {
			if s.of == p && m.lives(s) {
				want[s.signedIn.Identity.SessionID] = true
			}
		}
		got := map[string]bool{}
		for id, entry := range a.Sessions {
			if record := all.Records[sessiontest.Key{UserID: a.UserID, TokenID: id}]; record.ExpiresAt > m.clock.Now().Unix() {
				got[entry.SessionID] = true
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("%s has the sessions %v, want %v", name, got, want)
		}
	}
	if len(all.Accounts) != len(m.people) {
		t.Fatalf("there are %d accounts, want %d", len(all.Accounts), len(m.people))
	}
}

func TestWhateverHappensATokenLetsInExactlyWhileItsSessionLives(t *testing.T) {
	accounttest.Fewer(t, 8, 30) // each sign-in costs a real hash
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{world: newWorld(t), people: map[string]*modelPerson{}}
		t.Repeat(map[string]func(*rapid.T){
			"register": m.register, "login": m.login, "verify": m.verify, "verify again": m.verify, "logout": m.logout, "wait": m.wait,
			"end all": m.endAll,
			"":        m.check,
		})
	})
}
