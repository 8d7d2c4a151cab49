package endtoend_test

import (
	"crypto/sha1" //nolint:gosec // G505: lists of breached passwords are made with it
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// stolenElsewhere stands in for a service that knows breached passwords: one range, with one password and padding in it.
type stolenElsewhere struct {
	*httptest.Server

	digits string
	asked  atomic.Int32
	down   atomic.Bool
}

func startStolenElsewhere(t *testing.T, password string) *stolenElsewhere {
	t.Helper()
	s := &stolenElsewhere{digits: fmt.Sprintf("%X", sha1.Sum([]byte(password)))} //nolint:gosec // G401: likewise
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		prefix, ok := strings.CutPrefix(r.URL.Path, "/range/")
		if !ok || len(prefix) != 5 || r.Header.Get("Add-Padding") != "true" {
			t.Errorf("asked for %s", r.URL)
		}
		if s.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if prefix == s.digits[:5] {
			_, _ = fmt.Fprintf(w, "%s:42\r\n", s.digits[5:])
		}
		_, _ = fmt.Fprintf(w, "%s:0\r\n", strings.Repeat("A", 35))
	}))
	t.Cleanup(s.Close)
	return s
}

func TestPasswordsThatWereStolenElsewhereAreRefusedWhereverOneIsSet(t *testing.T) {
	t.Parallel()
	stolen := "canary " + unique()
	secrets.add("password", stolen)
	list := startStolenElsewhere(t, stolen)
	secrets.add("digits of a password", list.digits, list.digits[5:], list.URL+"/range/"+list.digits[:5])
	runner := start(t, "-param", "BreachedPasswordRangeUrl="+list.URL+"/range/")
	c := calling(t, runner.Client)
	register := func(password string) map[string]string {
		return map[string]string{"username": "user-" + unique(), "password": password}
	}
	refused := c.do(http.MethodPost, "/register", register(stolen))
	wants(t, "registering with it", refused, 400)
	if !strings.Contains(refused.Text("detail"), "stolen") {
		t.Errorf("said %s", refused.Body)
	}
	user, token := c.member(runner, "DEVELOPER")
	wants(t, "changing to it", c.changePassword(token, user, user.RecoveryCodes[0], stolen), 400)
	wants(t, "changing to another with the same code", c.changePassword(token, user, user.RecoveryCodes[0], "canary "+unique()), 204)

	list.down.Store(true)
	before := list.asked.Load()
	wants(t, "registering while the list is down", c.do(http.MethodPost, "/register", register("canary "+unique())), 201)
	if list.asked.Load() == before {
		t.Error("it was not asked")
	}
	waitFor(t, "the metric", func() bool { return strings.Contains(runner.Output(), `"BreachLookupFailures":1`) })
}
