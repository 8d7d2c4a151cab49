package endtoend_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// What can happen to a session. Logging out is two of these, since the authorizer lets the request in before the function ends the
// session: of two logouts at once, both may be let in, but none that starts after another's answer.
type happening int

const (
	begins happening = iota // a sign-in is answered with the token
	passes                  // a request with the token is let in
	isRefused
	ends // whether or not it was live
)

// happened is one operation on the session of a token.
type happened struct {
	token string
	what  happening
}

// What a session can be.
const (
	unborn = iota
	live
	ended
)

// oneSession is what a session promises, as if one thing happened after the other: a request passes from the sign-in to the logout, and at no
// other time. Sessions are independent of each other.
func oneSession() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return unborn },
		Step: func(state, input, _ any) (possible bool, next any) {
			switch input.(happened).what {
			case begins:
				return state == unborn, live
			case passes:
				return state == live, state
			case isRefused:
				return state != live, state
			default:
				return true, ended
			}
		},
		Partition: func(history []porcupine.Operation) (sessions [][]porcupine.Operation) {
			byToken := map[string][]porcupine.Operation{}
			for _, o := range history {
				token := o.Input.(happened).token
				byToken[token] = append(byToken[token], o)
			}
			for _, session := range byToken {
				sessions = append(sessions, session)
			}
			return sessions
		},
	}
}

// history collects what happened, and when it was asked for and answered. It is safe for concurrent use.
type history struct {
	began time.Time
	mu    sync.Mutex
	all   []porcupine.Operation
	count [ends + 1]atomic.Int64
}

func (h *history) now() int64 { return int64(time.Since(h.began)) }

func (h *history) add(client int, asked, answered int64, token string, what ...happening) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range what {
		h.count[one].Add(1)
		h.all = append(h.all, porcupine.Operation{ClientId: client, Input: happened{token, one}, Call: asked, Return: answered})
	}
}

// never is the answer's time of what may have been done at any time since, or not at all.
const never = math.MaxInt64

func TestSessionsAreLinearizableWhileTheirFunctionsAreKilled(t *testing.T) {
	const users, sessionsOfEach, readersOfEach, mostReads = 3, 6, 4, 4000
	h := &history{began: time.Now()}
	var clients, reads atomic.Int64
	var signers, others sync.WaitGroup
	done := make(chan struct{})
	for range users {
		c := calling(t, shared.Client)
		user := c.user()
		var mu sync.Mutex
		var tokens []string // of the sessions that have begun
		pick := func() string {
			mu.Lock()
			defer mu.Unlock()
			if len(tokens) == 0 {
				return ""
			}
			return tokens[max(0, len(tokens)-1-rand.IntN(3))] // the latest, mostly
		}
		signers.Go(func() {
			client := int(clients.Add(1))
			for range sessionsOfEach {
				asked := h.now()
				token, err := c.SignIn(t.Context(), user)
				if err != nil {
					t.Errorf("a sign-in while other sessions of the account end: %v", err)
					return
				}
				secrets.add("access token", token)
				h.add(client, asked, h.now(), token, begins)
				mu.Lock()
				tokens = append(tokens, token)
				mu.Unlock()
				time.Sleep(200 * time.Millisecond)
			}
		})
		repeat := func(act func(client int, token string)) {
			others.Go(func() {
				client := int(clients.Add(1))
				for {
					select {
					case <-done:
						return
					default:
					}
					if token := pick(); token != "" {
						act(client, token)
					} else {
						time.Sleep(time.Millisecond)
					}
				}
			})
		}
		for range readersOfEach {
			repeat(func(client int, token string) {
				if reads.Add(1) > mostReads {
					time.Sleep(10 * time.Millisecond)
					return
				}
				asked := h.now()
				got, err := c.Get(t.Context(), "/dashboard", token)
				switch {
				case err != nil:
					t.Error(err)
				case got.Status == 200:
					h.add(client, asked, h.now(), token, passes)
				case got.Status == 401:
					h.add(client, asked, h.now(), token, isRefused)
				case got.Status < 502: // a function that is killed over a request tells nothing about the session
					t.Errorf("reading: %d %s", got.Status, got.Body)
				}
			})
		}
		for range 2 {
			repeat(func(client int, token string) {
				time.Sleep(time.Duration(100+rand.IntN(200)) * time.Millisecond)
				asked := h.now()
				got, err := c.Logout(t.Context(), token)
				switch {
				case err != nil:
					t.Error(err)
				case got.Status == 204:
					h.add(client, asked, h.now(), token, passes, ends)
				case got.Status == 401:
					h.add(client, asked, h.now(), token, isRefused)
				case got.Status >= 502: // it may have been done, and the answer lost
					h.add(client, asked, never, token, ends)
				default:
					t.Errorf("logging out: %d %s", got.Status, got.Body)
				}
			})
		}
	}
	others.Go(func() { // a function may be gone at any moment
		for {
			for _, function := range []string{"authorizer", "logout", "dashboard"} {
				select {
				case <-done:
					return
				case <-time.After(150 * time.Millisecond):
				}
				if pids, err := shared.Processes(function); err != nil {
					t.Error(err)
				} else if len(pids) > 0 {
					_ = syscall.Kill(pids[rand.IntN(len(pids))], syscall.SIGKILL) // it may have ended meanwhile
				}
			}
		}
	})
	signers.Wait()
	time.Sleep(300 * time.Millisecond) // so that the last session is read, and perhaps ended, too
	close(done)
	others.Wait()

	for what, least := range []int64{begins: users * sessionsOfEach, passes: 100, isRefused: 100, ends: users} {
		if got := h.count[what].Load(); got < least {
			t.Errorf("of happening %d there are %d: the test has seen too little", what, got)
		}
	}
	if result := porcupine.CheckOperationsTimeout(oneSession(), h.all, time.Minute); result != porcupine.Ok {
		t.Errorf("the history of %d operations is %s: no order of them keeps what a session promises", len(h.all), result)
	}
}

func TestTheCheckerFindsWhatASessionMustNotDo(t *testing.T) {
	type at struct {
		asked, answered int64
		what            []happening
	}
	for name, test := range map[string]struct {
		history []at
		ok      bool
	}{
		"read, end, refused":               {[]at{{0, 1, one(begins)}, {2, 3, one(passes)}, {4, 5, logout()}, {6, 7, one(isRefused)}}, true},
		"let in after the logout's answer": {[]at{{0, 1, one(begins)}, {2, 3, logout()}, {4, 5, one(passes)}}, false},
		"let in while the logout is asked": {[]at{{0, 1, one(begins)}, {2, 5, logout()}, {3, 4, one(passes)}}, true},
		"let in after another was refused": {[]at{{0, 1, one(begins)}, {2, 9, logout()}, {3, 4, one(isRefused)}, {5, 6, one(passes)}}, false},
		"refused before any logout":        {[]at{{0, 1, one(begins)}, {2, 3, one(isRefused)}, {4, 5, logout()}}, false},
		"two logouts at once":              {[]at{{0, 1, one(begins)}, {2, 5, logout()}, {3, 6, logout()}}, true},
		"two logouts one after the other":  {[]at{{0, 1, one(begins)}, {2, 3, logout()}, {4, 5, logout()}}, false},
		"a lost logout that was done":      {[]at{{0, 1, one(begins)}, {2, never, one(ends)}, {4, 5, one(isRefused)}}, true},
		"a lost logout that was not":       {[]at{{0, 1, one(begins)}, {2, never, one(ends)}, {4, 5, one(passes)}}, true},
		"a lost logout, off and on":        {[]at{{0, 1, one(begins)}, {2, never, one(ends)}, {4, 5, one(isRefused)}, {6, 7, one(passes)}}, false},
	} {
		h := &history{}
		for client, o := range test.history {
			h.add(client, o.asked, o.answered, "token", o.what...)
		}
		h.add(len(test.history), 0, 1, "another", begins) // whose session is its own
		h.add(len(test.history), 100, 101, "another", passes)
		if porcupine.CheckOperations(oneSession(), h.all) != test.ok {
			t.Errorf("%s: the checker says %v", name, !test.ok)
		}
	}
}

func one(what happening) []happening { return []happening{what} }
func logout() []happening            { return slices.Concat(one(passes), one(ends)) }

// String names what happened, without the token.
func (h happened) String() string {
	return []string{"begins", "passes", "is refused", "ends"}[h.what]
}
