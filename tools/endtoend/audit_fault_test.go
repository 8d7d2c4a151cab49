package endtoend_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/tools/endtoend"
)

// auditTable stands before a database and sees to it that only what is asked of the table Audit fails. It counts the events that come.
type auditTable struct {
	faulty
	writes atomic.Int64
}

func (a *auditTable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".PutItem") || !bytes.Contains(body, []byte("AuditTable")) {
		a.backend.ServeHTTP(w, r)
		return
	}
	a.writes.Add(1)
	a.faulty.ServeHTTP(w, r)
}

func startAuditTable(t *testing.T) (*auditTable, *endtoend.Runner, caller) {
	t.Helper()
	table := &auditTable{faulty: faulty{backend: newDatabase()}}
	server := httptest.NewServer(table)
	t.Cleanup(server.Close)
	runner := start(t, "-dynamodb", server.URL)
	return table, runner, calling(t, runner.Client)
}

// What is done is done: the trail's failure is nobody's but the operator's. Even if it hangs, every answer is there in time.
func TestWithoutAnAuditTableEveryAnswerIsTheSameAndInTime(t *testing.T) {
	t.Parallel()
	table, runner, c := startAuditTable(t)
	c.admin(runner)
	for name, fault := range faults {
		user := c.user()
		token := c.signIn(user)
		gone := c.recover(user)
		wants(t, "logout", c.logout(gone), 204)
		table.set(fault)
		answered := func(what string, status int, call func() endtoend.Response) endtoend.Response {
			t.Helper()
			began := time.Now()
			got := call()
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("Audit %s, %s: no answer for %v", name, what, took)
			} else {
				t.Logf("Audit %s: %s after %d ms", name, what, took.Milliseconds())
			}
			wants(t, "Audit "+name+", "+what, got, status)
			return got
		}
		answered("register", 201, func() endtoend.Response {
			return c.do(http.MethodPost, "/register", map[string]string{"username": "audit-" + unique(), "password": "canary " + unique()})
		})
		answered("a wrong password", 401, func() endtoend.Response {
			return c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": "a wrong password"})
		})
		challenge := answered("login", 200, func() endtoend.Response {
			return c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password})
		}).Text("challenge_id")
		signedIn := answered("verify-otp", 200, func() endtoend.Response { return c.verify(challenge, user.Code()) }).Text("access_token")
		answered("let in", 200, func() endtoend.Response { return c.get("/dashboard", token) })
		answered("another role's route", 403, func() endtoend.Response { return c.get("/admin_resource", token) })
		answered("a revoked token", 401, func() endtoend.Response { return c.get("/dashboard", gone) })
		answered("logout", 204, func() endtoend.Response { return c.logout(signedIn) })
		table.set(nil)
	}
	want, lost := 7*len(faults), 0
	waitFor(t, fmt.Sprintf("%d lines about events that were lost", want), func() bool {
		lost = 0
		for _, line := range logLines(runner) {
			if line["msg"] == "an audit event could not be stored" && line["AuditErrors"] == 1.0 && line["level"] == "ERROR" {
				lost++
			}
		}
		return lost >= want
	})
	if lost > want {
		t.Errorf("%d lines about %d events that were lost", lost, want)
	}
	output := runner.Output()
	for _, event := range []string{"register", "login", "verify_otp", "authorize", "logout"} {
		if !strings.Contains(output, `"event":"`+event+`"`) {
			t.Errorf("the log has no %s", event)
		}
	}
}

// What is let in and what is forged costs no write, and what is refused one row a minute, however often it comes.
func TestForgedTokensAndRequestsThatAreLetInLeaveNoEventAndAFloodOfRefusalsOne(t *testing.T) {
	t.Parallel()
	table, runner, c := startAuditTable(t)
	user := c.user()
	token := c.signIn(user)
	gone := c.recover(user)
	wants(t, "logout", c.logout(gone), 204)
	table.writes.Store(0)
	for i := range 60 {
		forged := []byte(token)
		forged[20+i] ^= 1
		wants(t, "a forged token", c.get("/dashboard", string(forged)), 401)
		wants(t, "a forged token that is well-formed", c.get("/dashboard", mended(token[:60]+"AAAA"+token[64:])), 401)
		wants(t, "let in", c.get("/dashboard", token), 200)
		wants(t, "no token", c.do(http.MethodGet, "/dashboard", nil), 401)
	}
	if n := table.writes.Load(); n != 0 {
		t.Errorf("%d writes to Audit", n)
	}
	before := len(openDatabase(t, runner).rows("Audit"))
	began := time.Now()
	for range 60 {
		wants(t, "a revoked token", c.get("/dashboard", gone), 401)
		wants(t, "another role's route", c.get("/admin_resource", token), 403)
		wants(t, "a name that nobody has", c.do(http.MethodPost, "/verify-otp", map[string]string{"challenge_id": unique(), "otp": "123456"}), 401)
	}
	minutes := int(time.Now().Truncate(time.Minute).Sub(began.Truncate(time.Minute))/time.Minute) + 1
	if n := len(openDatabase(t, runner).rows("Audit")) - before; n < 3 || n > 3*minutes {
		t.Errorf("%d rows in %d minutes", n, minutes)
	}
}
