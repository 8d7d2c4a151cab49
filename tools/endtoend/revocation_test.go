package endtoend_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestAfterLogoutHasAnsweredNoRequestThatStartsPasses(t *testing.T) {
	c := calling(t, shared.Client)
	_, token := c.member(shared, "CONSUMER")
	const readers, most = 20, 3000 // requests in all, so that the loop ends by itself
	var answered atomic.Int64      // when the logout's answer was here, Unix nanoseconds
	var sent, before, after atomic.Int64
	done := make(chan struct{})
	var group sync.WaitGroup
	for range readers {
		group.Go(func() {
			for sent.Add(1) <= most {
				select {
				case <-done:
					return
				default:
				}
				began := time.Now().UnixNano()
				got, err := c.Get(t.Context(), "/dashboard", token)
				if err != nil {
					t.Error(err)
					return
				}
				late := answered.Load() != 0 && began > answered.Load()
				switch {
				case got.Status == 200 && late:
					t.Errorf("a request that started %v after the logout's answer passed", time.Duration(began-answered.Load()))
				case got.Status == 200:
					before.Add(1)
				case got.Status == 401 && late:
					after.Add(1)
				case got.Status != 401:
					t.Errorf("status %d: %s", got.Status, got.Body)
				}
			}
		})
	}
	waitFor(t, "readers that are let in", func() bool { return before.Load() > 100 })
	wants(t, "logout", c.logout(token), 204)
	answered.Store(time.Now().UnixNano())
	waitFor(t, "readers that are refused", func() bool { return after.Load() > 100 || sent.Load() > most })
	close(done)
	group.Wait()
	if before.Load() == 0 || after.Load() == 0 {
		t.Errorf("%d passed before, %d were refused after: the test has seen nothing", before.Load(), after.Load())
	}
	wants(t, "a second logout", c.logout(token), 401)
}

func TestLoggingOutEndsOneSessionAndNoOther(t *testing.T) {
	c := calling(t, shared.Client)
	user, first := c.member(shared, "CONSUMER")
	second := c.signIn(user)
	wants(t, "logout", c.logout(first), 204)
	wants(t, "the ended session", c.get("/dashboard", first), 401)
	wants(t, "the other session", c.get("/dashboard", second), 200)
}

func TestLogoutIgnoresItsBody(t *testing.T) {
	c := calling(t, shared.Client)
	_, token := c.member(shared, "CONSUMER")
	wants(t, "logout with a body", c.do("POST", "/logout", "{not json", "Authorization", "Bearer "+token, "Content-Type", "text/plain"), 204)
	wants(t, "after it", c.get("/dashboard", token), 401)
}

func waitFor(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !reached(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
