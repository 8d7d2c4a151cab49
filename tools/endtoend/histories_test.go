package endtoend_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"sallyport/shared/account"
	"sallyport/tools/endtoend"
)

// What can happen to an account. An operation of more than one step is as many of these, as in linearizability_test.go.
type deed int

const (
	signsIn      deed = iota // with this session, token and role
	isLetIn                  // with this token
	isTurnedAway             // likewise
	renews                   // this token into the other one
	endsOne                  // this session, whether or not it goes on
	endsOthers               // all sessions but this one
	setsRole                 // and ends all sessions
	isDisabled               // likewise
	isEnabled                // likewise
	deeds
)

// done is one of these.
type done struct {
	what                       deed
	session, token, next, role string
}

// accountState is what an account promises, as if one thing happened after the other.
type accountState struct {
	role     string
	disabled bool
	sessions map[string]held // those that go on, by session id
}

// held are the token of a session and the one that it replaced.
type held struct{ current, previous string }

// with returns the state with other sessions.
func (s accountState) with(change func(sessions map[string]held)) accountState {
	s.sessions = maps.Clone(s.sessions)
	change(s.sessions)
	return s
}

// oneAccount says what can follow what. That a token is turned away which is not the session's current one may have ended the session: it
// may have come after the grace for a lost answer.
func oneAccount(role string) porcupine.Model {
	return (&porcupine.NondeterministicModel{
		Init: func() []any { return []any{accountState{role: role, sessions: map[string]held{}}} },
		Step: func(state, input, _ any) []any {
			s, d := state.(accountState), input.(done)
			of, goesOn := s.sessions[d.session]
			without := func() accountState { return s.with(func(m map[string]held) { delete(m, d.session) }) }
			switch d.what {
			case signsIn:
				if !s.disabled && s.role == d.role && !goesOn {
					return []any{s.with(func(m map[string]held) { m[d.session] = held{current: d.token} })}
				}
			case isLetIn:
				if goesOn && of.current == d.token {
					return []any{s}
				}
			case isTurnedAway:
				if !goesOn {
					return []any{s}
				}
				if of.current != d.token {
					return []any{s, without()}
				}
			case renews:
				if goesOn && of.current == d.token {
					return []any{s.with(func(m map[string]held) { m[d.session] = held{current: d.next, previous: d.token} })}
				}
				if goesOn && of == (held{current: d.next, previous: d.token}) { // a lost answer again
					return []any{s}
				}
			case endsOne:
				return []any{without()}
			case endsOthers: // done even if its own session ends, as a stolen one, once it has been let in
				return []any{s.with(func(m map[string]held) {
					maps.DeleteFunc(m, func(id string, _ held) bool { return id != d.session })
				})}
			case setsRole:
				return []any{accountState{role: d.role, disabled: s.disabled, sessions: map[string]held{}}}
			case isDisabled, isEnabled:
				return []any{accountState{role: s.role, disabled: d.what == isDisabled, sessions: map[string]held{}}}
			default:
			}
			return nil
		},
		Equal: func(x, y any) bool {
			a, b := x.(accountState), y.(accountState)
			return a.role == b.role && a.disabled == b.disabled && maps.Equal(a.sessions, b.sessions)
		},
	}).ToModel()
}

// accountHistory collects what happened to one account. It is safe for concurrent use.
type accountHistory struct {
	began time.Time
	mu    sync.Mutex
	all   []porcupine.Operation
	count [deeds]int
	known []known
}

// known is a token that has been given out.
type known struct{ session, token string }

func (h *accountHistory) now() int64 { return int64(time.Since(h.began)) }

func (h *accountHistory) add(client int, asked int64, all ...done) {
	h.mu.Lock()
	defer h.mu.Unlock()
	answered := h.now()
	for _, one := range all {
		h.count[one.what]++
		h.all = append(h.all, porcupine.Operation{ClientId: client, Input: one, Call: asked, Return: answered})
		switch one.what {
		case signsIn:
			h.known = append(h.known, known{one.session, one.token})
		case renews:
			if fresh := (known{one.session, one.next}); !slices.Contains(h.known, fresh) {
				h.known = append(h.known, fresh)
			}
		default:
		}
	}
}

// pick returns one of the latest tokens, of so many, and false if there is none.
func (h *accountHistory) pick(of int) (known, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.known) == 0 {
		return known{}, false
	}
	return h.known[max(0, len(h.known)-1-rand.IntN(of))], true
}

// Renewals against each other, against logouts and against the end of all other sessions; and changes of the role and of the status
// against all of these and against sign-ins.
func TestNoOrderOfWhatHappensToAnAccountLetsAnEndedSessionInAgain(t *testing.T) {
	const accounts, signIns, mostSignIns = 3, 9, 11 // more would wait for new codes
	changes := changer(t)
	var everybody sync.WaitGroup
	histories := make([]*accountHistory, accounts)
	for i := range histories {
		histories[i] = &accountHistory{began: time.Now()}
	}
	for i, h := range histories {
		c := calling(t, shared.Client)
		user := c.user()
		over := make(chan struct{})
		var clients atomic.Int64
		var others sync.WaitGroup
		repeat := func(every time.Duration, act func(client int)) {
			others.Go(func() {
				client := int(clients.Add(1))
				for {
					select {
					case <-over:
						return
					case <-time.After(every/2 + rand.N(every)):
						act(client)
					}
				}
			})
		}
		everybody.Go(func() {
			client := int(clients.Add(1))
			for n := 0; n < signIns || n < mostSignIns && missing(histories) != ""; n++ { // a busy machine does less at a time
				signInOnce(c, h, client, user)
				time.Sleep(300 * time.Millisecond)
			}
			for wait := 0; wait < 100 && missing(histories) != ""; wait++ {
				time.Sleep(300 * time.Millisecond)
			}
			time.Sleep(300 * time.Millisecond)
			close(over)
			others.Wait()
		})
		for range 2 {
			repeat(20*time.Millisecond, func(client int) { useOnce(c, h, client) })
			repeat(200*time.Millisecond, func(client int) { renewOnce(c, h, client) })
		}
		repeat(800*time.Millisecond, func(client int) { endOnce(c, h, client, endsOne, http.MethodPost, "/logout") })
		repeat(800*time.Millisecond, func(client int) { endOnce(c, h, client, endsOthers, http.MethodDelete, "/sessions") })
		if i > 0 { // the first is left alone, so that its sessions grow old enough to be renewed again
			roles, turn := []string{"DEVELOPER", "CONSUMER"}, 0
			repeat(600*time.Millisecond, func(client int) {
				turn++
				changeOnce(t, changes, h, client, user.Username, roles[turn%2], turn%3 == 0)
			})
		}
	}
	everybody.Wait()
	for i, h := range histories {
		if result := porcupine.CheckOperationsTimeout(oneAccount("CONSUMER"), h.all, time.Minute); result != porcupine.Ok {
			t.Errorf("account %d: %d things happened in no possible order: %s", i, len(h.all), result)
		}
	}
	if what := missing(histories); what != "" {
		t.Error("the test has seen too little: " + what)
	}
}

// missing says which deed the histories have too few of to show anything, and nothing once they have enough of each.
func missing(histories []*accountHistory) string {
	total := [deeds]int{}
	for _, h := range histories {
		h.mu.Lock()
		for what, n := range h.count {
			total[what] += n
		}
		h.mu.Unlock()
	}
	for what, least := range [deeds]int{signsIn: 10, isLetIn: 50, isTurnedAway: 50, renews: 10, endsOne: 3, endsOthers: 1, setsRole: 4, isDisabled: 2, isEnabled: 2} {
		if total[what] < least {
			return fmt.Sprintf("of deed %d there are %d (%v)", what, total[what], total)
		}
	}
	return ""
}

func signInOnce(c caller, h *accountHistory, client int, user *endtoend.User) {
	asked := h.now()
	challenge, err := c.Login(c.t.Context(), user)
	if err != nil {
		return // disabled, perhaps
	}
	got, err := c.Verify(c.t.Context(), challenge, user.Code())
	secrets.add("access token", got.Text("access_token"))
	switch {
	case err != nil:
		c.t.Error(err)
	case got.Status == 200:
		h.add(client, asked, done{what: signsIn, session: got.Text("session_id"), token: got.Text("access_token"), role: got.Text("role")})
	case got.Status != 401: // a change has voided the challenge
		c.t.Errorf("signing in: %d %s", got.Status, got.Body)
	}
}

// attempt makes a request with one of the latest tokens, of so many, and returns it if it was let in.
func attempt(c caller, h *accountHistory, client, of int, method, path string) (token known, asked int64, got endtoend.Response, letIn bool) {
	token, ok := h.pick(of)
	if !ok {
		return token, 0, got, false
	}
	asked = h.now()
	got, err := c.Do(c.t.Context(), method, path, nil, "Authorization", "Bearer "+token.token)
	switch {
	case err != nil:
		c.t.Error(err)
	case got.Status == 401:
		h.add(client, asked, done{what: isTurnedAway, session: token.session, token: token.token})
	case got.Status >= 500:
		c.t.Errorf("%s %s: %d %s", method, path, got.Status, got.Body)
	default:
		return token, asked, got, true
	}
	return token, asked, got, false
}

func useOnce(c caller, h *accountHistory, client int) {
	if token, asked, _, ok := attempt(c, h, client, 4, http.MethodGet, "/dashboard"); ok {
		h.add(client, asked, done{what: isLetIn, session: token.session, token: token.token})
	}
}

func renewOnce(c caller, h *accountHistory, client int) {
	token, asked, got, ok := attempt(c, h, client, 2, http.MethodPost, "/renew")
	switch {
	case ok && got.Status == 200:
		secrets.add("access token", got.Text("access_token"))
		h.add(client, asked, done{what: renews, session: token.session, token: token.token, next: got.Text("access_token")})
	case ok: // too soon: it is the current one
		h.add(client, asked, done{what: isLetIn, session: token.session, token: token.token})
	}
}

// endOnce logs out, or ends all other sessions.
func endOnce(c caller, h *accountHistory, client int, what deed, method, path string) {
	if token, asked, _, ok := attempt(c, h, client, 1, method, path); ok {
		let := done{what: isLetIn, session: token.session, token: token.token}
		h.add(client, asked, let, done{what: what, session: token.session})
	}
}

// changeOnce changes the role, or disables the account and enables it again.
func changeOnce(t *testing.T, changes *account.Changer, h *accountHistory, client int, username, role string, status bool) {
	if !status {
		asked := h.now()
		if changed, err := changes.SetRole(t.Context(), username, role); err != nil {
			t.Error(err)
		} else if !changed.Already {
			h.add(client, asked, done{what: setsRole, role: role})
		}
		return
	}
	for _, what := range []deed{isDisabled, isEnabled} {
		asked, change := h.now(), changes.Disable
		if what == isEnabled {
			change = changes.Enable
		}
		if changed, err := change(t.Context(), username); err != nil {
			t.Error(err)
		} else if !changed.Already {
			h.add(client, asked, done{what: what})
		}
		time.Sleep(50 * time.Millisecond)
	}
}
