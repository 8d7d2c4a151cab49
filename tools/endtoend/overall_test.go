package endtoend_test

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// What anyone may call is limited for all callers together, each method for itself; where resource servers authenticate themselves, at
// the rate of protected routes. Beyond its rate the gateway answers and no function is asked, and a second later it goes on. Callers who
// have a token have a limit of their own.
func TestEachOpenRouteIsLimitedOverallAndRecoversByItself(t *testing.T) {
	runner := start(t, "-throttle", "-param", "SignInsPerSecond=3", "-param", "RequestsPerSecond=10")
	c := calling(t, runner.Client)
	_, token := c.member(runner, "CONSUMER")
	found := 0
	for _, route := range routes(t) {
		if route.Authorized {
			continue
		}
		found++
		rate := 3
		if route.Resource == "/introspect" || route.Resource == "/revoke" { // resource servers ask there about each of their requests
			rate = 10
		}
		what := route.Method + " " + route.Resource
		time.Sleep(time.Second) // the bucket is full again
		began := time.Now()
		limited := 0
		for range 4 * rate {
			// It is refused by whoever answers: the body is none.
			if got := c.do(route.Method, route.Resource, "no JSON"); got.Status == http.StatusTooManyRequests {
				limited++
				wants(t, what, got, 429)
				if got.Header.Get("Retry-After") != "1" || got.Text("detail") != "Too many requests at once. Wait as long as Retry-After says, then try again." {
					t.Errorf("%s: Retry-After %q, %s", what, got.Header.Get("Retry-After"), got.Body)
				}
			}
		}
		if passed, most := 4*rate-limited, rate+rate*int(time.Since(began)/time.Second+1); passed < rate || passed > most || limited == 0 {
			t.Errorf("%s: %d passed in %v, want %d to %d", what, passed, time.Since(began), rate, most)
		}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				got, err := c.Get(t.Context(), "/dashboard", token)
				if err != nil || got.Status != http.StatusOK {
					t.Errorf("the open session, while %s is limited: %d, %v", what, got.Status, err)
				}
			})
		}
		group.Wait()
		time.Sleep(time.Second)
		if got := c.do(route.Method, route.Resource, "no JSON"); got.Status == http.StatusTooManyRequests {
			t.Errorf("%s, a second later: %d", what, got.Status)
		}
	}
	if found < 3 {
		t.Errorf("%d open routes", found)
	}
}
