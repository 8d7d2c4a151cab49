package endtoend_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"sallyport/tools/endtoend"
)

// Slow is not down: each call is answered in the end, and all of them together may take longer than a function has. Then the answer is the
// contract's 503, not the gateway's for a function that was cut off, and nobody who is right pays for it later.
func TestASlowDependencyMeansAnAnswerOr503AndNothingElse(t *testing.T) {
	t.Parallel()
	database, keys := &faulty{backend: newDatabase()}, &faulty{backend: newKeyService()}
	databaseServer, keyServer := httptest.NewServer(database), httptest.NewServer(keys)
	t.Cleanup(databaseServer.Close)
	t.Cleanup(keyServer.Close)
	runner := start(t, "-dynamodb", databaseServer.URL, "-kms", keyServer.URL)
	c := calling(t, runner.Client)
	user := c.user()
	token := c.signIn(user)
	answered := func(what string, ok int, call func() endtoend.Response) {
		t.Helper()
		began := time.Now()
		got := call()
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: no answer for %v", what, took)
		}
		if got.Status == ok {
			return
		}
		wants(t, what, got, 503)
	}
	for _, delay := range []time.Duration{400 * time.Millisecond, 800 * time.Millisecond} {
		challenge, code := c.login(user), user.Code()
		for _, slow := range []*faulty{database, keys} {
			slow.set(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(delay)
				slow.backend.ServeHTTP(w, r)
			})
		}
		answered("dashboard", 200, func() endtoend.Response { return c.get("/dashboard", token) })
		answered("login", 200, func() endtoend.Response {
			return c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password})
		})
		answered("register", 201, func() endtoend.Response {
			return c.do(http.MethodPost, "/register", map[string]string{"username": "slow-" + unique(), "password": "canary " + unique()})
		})
		answered("verify", 200, func() endtoend.Response { return c.verify(challenge, code) })
		database.set(nil)
		keys.set(nil)
		c.signIn(user) // by itself, and at once
	}
}
