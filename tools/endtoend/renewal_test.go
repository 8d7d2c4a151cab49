package endtoend_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

func TestARenewedSessionGoesOnWithItsNewTokenAlone(t *testing.T) {
	c := calling(t, shared.Client)
	user, old := c.member(shared, "DEVELOPER")
	before := c.get("/dashboard", old)
	got := c.renew(old)
	wants(t, "renewing", got, 200)
	renewed := got.Text("access_token")
	if got.Text("token_type") != "Bearer" || got.Text("role") != "DEVELOPER" || got.Text("session_id") != before.Text("session_id") || renewed == old {
		t.Errorf("renewed to %s", got.Body)
	}
	wants(t, "the old token at once", c.get("/dashboard", old), 401)
	if after := c.get("/dashboard", renewed); after.Status != 200 || after.Text("user_id") != user.UserID || after.Text("session_id") != before.Text("session_id") {
		t.Errorf("the new token: %d %s", after.Status, after.Body)
	}
	wants(t, "the lost answer again", c.renew(old), 200)
	if again := c.renew(old); again.Text("access_token") != renewed {
		t.Error("the lost answer is another one the second time")
	}
	wants(t, "logging out", c.logout(renewed), 204)
	wants(t, "renewing what has ended", c.renew(renewed), 401)
	wants(t, "and its predecessor", c.renew(old), 401)
}

func TestAStolenTokenThatWasReplacedEndsTheSessionForBoth(t *testing.T) {
	c := calling(t, shared.Client)
	user, stolen := c.member(shared, "CONSUMER")
	elsewhere := c.recover(user)
	renewed := c.renew(stolen)
	wants(t, "renewing", renewed, 200)
	time.Sleep(2100 * time.Millisecond) // the grace is for an answer that was lost
	wants(t, "the owner's new token", c.get("/dashboard", renewed.Text("access_token")), 200)
	wants(t, "the replaced token", c.get("/dashboard", stolen), 401)
	wants(t, "the owner's new token after that", c.get("/dashboard", renewed.Text("access_token")), 401)
	wants(t, "another session of the account", c.get("/dashboard", elsewhere), 200)
	waitFor(t, "the alarm", func() bool {
		for line := range strings.Lines(shared.Output()) {
			if strings.Contains(line, `"reason":"token_reused"`) && strings.Contains(line, user.UserID) && strings.Contains(line, `"Alarms":1`) {
				return true
			}
		}
		return false
	})
}

func TestOfParallelRenewalsOneTokenSurvives(t *testing.T) {
	c := calling(t, shared.Client)
	_, token := c.member(shared, "CONSUMER")
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		given = map[string]int{}
	)
	for range 12 {
		all.Go(func() {
			got, err := c.Do(t.Context(), "POST", "/renew", nil, "Authorization", "Bearer "+token)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			given[got.Text("access_token")]++
			secrets.add("token", got.Text("access_token"))
			wants(t, "a renewal", got, 200)
		})
	}
	all.Wait()
	if len(given) != 1 {
		t.Errorf("%d tokens were given out", len(given))
	}
	for renewed := range given {
		wants(t, "the one that survives", c.get("/dashboard", renewed), 200)
	}
}
