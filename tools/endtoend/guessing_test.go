package endtoend_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/tools/endtoend"
)

// guesses is how many wrong ones are sent, so many at a time: the functions have eight processes each, and the others wait at the gateway.
const (
	guesses = 1000
	atATime = 64
)

// hashMemory is the most that a function that hashes may take, in KiB: a hash of the template's default costs and 64 MiB, which such
// a function wants at its start.
const hashMemory = 47104 + 64*1024

// flood makes a call for each guess at once, from addresses enough that none has failed too often, and returns how many were judged
// (401). All others must have been told to wait, for a time that can be.
func flood(t *testing.T, url string, guess func(c endtoend.Client, i int) (endtoend.Response, error)) (judged int, took time.Duration) {
	t.Helper()
	clients := make([]endtoend.Client, 20)
	for i := range clients {
		clients[i] = endtoend.Client{URL: url, HTTP: endtoend.From(fmt.Sprintf("127.0.2.%d", 1+i))}
	}
	var next, wrong atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for range atATime {
		group.Go(func() {
			for i := int(next.Add(1)); i <= guesses; i = int(next.Add(1)) {
				got, err := guess(clients[i%len(clients)], i)
				switch wait, parsed := strconv.Atoi(got.Header.Get("Retry-After")); {
				case err != nil:
					t.Errorf("guess %d: %v", i, err)
				case got.Status == http.StatusUnauthorized:
					wrong.Add(1)
				case got.Status != http.StatusTooManyRequests || parsed != nil || wait < 1 || wait > 900:
					t.Errorf("guess %d: %d, Retry-After %q, %s", i, got.Status, got.Header.Get("Retry-After"), got.Body)
				}
			}
		})
	}
	group.Wait()
	judged, took = int(wrong.Load()), time.Since(began)
	t.Logf("%d of %d judged in %v", judged, guesses, took)
	return judged, took
}

// most is how many guesses may be judged in a time: the first ones, and one each time that a wait, which doubles, has passed.
func most(first int, wait, took time.Duration) int {
	n := first
	for ; wait <= took; wait *= 2 {
		took -= wait
		n++
	}
	return n
}

func TestAThousandGuessesAtOncePassNoLimitAndTakeNoMoreMemoryThanAHash(t *testing.T) {
	runner := start(t, "-pool", "8", "-quiet")
	c := calling(t, runner.Client)
	user, token := c.member(runner, "CONSUMER")
	challenges := make([]string, 20) // each would take five codes
	for i := range challenges {
		challenges[i] = c.login(user)
	}
	code := user.WrongCode()
	judged, took := flood(t, runner.URL, func(c endtoend.Client, i int) (endtoend.Response, error) {
		return c.Verify(t.Context(), challenges[i%len(challenges)], code)
	})
	if judged < 1 || judged > most(5, 30*time.Second, took) {
		t.Errorf("%d codes were judged in %v", judged, took)
	}
	wants(t, "a right code meanwhile", c.verify(c.login(user), user.RecoveryCodes[0]), 429)
	wants(t, "the open session", c.get("/dashboard", token), 200)

	judged, took = flood(t, runner.URL, func(c endtoend.Client, i int) (endtoend.Response, error) {
		return c.Do(t.Context(), http.MethodPost, "/login", map[string]string{"username": user.Username, "password": fmt.Sprintf("wrong password %d", i)})
	})
	if judged < 1 || judged > most(6, time.Second, took) {
		t.Errorf("%d passwords were judged in %v", judged, took)
	}
	wants(t, "the open session", c.get("/dashboard", token), 200)

	for i := range 40 { // one after the other, each judged, in the process that was used last
		wants(t, "a wrong password", c.do(http.MethodPost, "/login", map[string]string{"username": fmt.Sprintf("nobody-%d", i), "password": "wrong password"}), 401)
	}
	for _, function := range []string{"login", "register"} {
		pids, err := runner.Processes(function)
		if err != nil || len(pids) == 0 {
			t.Fatalf("%s has %d processes: %v", function, len(pids), err)
		}
		for _, pid := range pids {
			peak, err := endtoend.PeakResident(pid)
			t.Logf("%s: a peak of %d KiB", function, peak)
			if err != nil || peak > hashMemory {
				t.Errorf("%s took %d KiB, of %d: %v", function, peak, hashMemory, err)
			}
		}
	}
}
