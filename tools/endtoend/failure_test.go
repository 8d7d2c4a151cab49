package endtoend_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sallyport/tools/endtoend"
)

// faulty stands before a backend and fails as it is told to.
type faulty struct {
	backend http.Handler
	fault   atomic.Pointer[http.HandlerFunc]
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if fault := f.fault.Load(); fault != nil {
		(*fault)(w, r)
		return
	}
	f.backend.ServeHTTP(w, r)
}

func (f *faulty) set(fault http.HandlerFunc) {
	if fault == nil {
		f.fault.Store(nil)
		return
	}
	f.fault.Store(&fault)
}

func awsError(status int, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"__type":"` + kind + `","message":"canary inside"}`))
	}
}

var faults = map[string]http.HandlerFunc{
	"cuts the connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"hangs": func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a caller who hangs up is noticed only then
		select {
		case <-r.Context().Done():
		case <-time.After(20 * time.Second):
		}
	},
	"throttles":             awsError(400, "ThrottlingException"),
	"fails inside":          awsError(500, "InternalServerError"),
	"denies access":         awsError(400, "AccessDeniedException"),
	"answers with nonsense": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>proxy</html>")) },
}

func TestADependencyThatFailsLetsNobodyInAndRecoversByItself(t *testing.T) {
	t.Parallel()
	database, keys := &faulty{backend: newDatabase()}, &faulty{backend: newKeyService()}
	databaseServer, keyServer := httptest.NewServer(database), httptest.NewServer(keys)
	t.Cleanup(databaseServer.Close)
	t.Cleanup(keyServer.Close)
	runner := start(t, "-dynamodb", databaseServer.URL, "-kms", keyServer.URL)
	c := calling(t, runner.Client)
	user := c.user()
	token := c.signIn(user)

	within := func(what string, call func() endtoend.Response) {
		t.Helper()
		began := time.Now()
		got := call()
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: no answer for %v", what, took)
		}
		wants(t, what, got, 503)
		if strings.Contains(got.Body, "canary") || strings.Contains(got.Body, "127.0.0.1") {
			t.Errorf("%s: the answer tells the inside: %s", what, got.Body)
		}
	}
	registration := func() endtoend.Response {
		return c.do(http.MethodPost, "/register", map[string]string{"username": "fails-" + unique(), "password": "canary " + unique()})
	}
	for name, fault := range faults {
		challenge, recovery := c.login(user), user.Code()

		database.set(fault)
		within("DynamoDB "+name+", dashboard", func() endtoend.Response { return c.get("/dashboard", token) })
		within("DynamoDB "+name+", login", func() endtoend.Response {
			return c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password})
		})
		within("DynamoDB "+name+", verify", func() endtoend.Response { return c.verify(challenge, recovery) })
		within("DynamoDB "+name+", register", registration)
		within("DynamoDB "+name+", logout", func() endtoend.Response { return c.logout(token) })
		wants(t, "DynamoDB "+name+", a forged token", c.get("/dashboard", "spt_"+strings.Repeat("A", 120)), 401)
		database.set(nil)
		wants(t, "after DynamoDB "+name, c.get("/dashboard", token), 200)

		keys.set(fault)
		within("KMS "+name+", register", registration)
		within("KMS "+name+", verify", func() endtoend.Response { return c.verify(challenge, recovery) })
		kill(t, runner, "authorizer") // a warm one holds the data key, and does not need KMS for a quarter of an hour
		within("KMS "+name+", dashboard", func() endtoend.Response { return c.get("/dashboard", token) })
		keys.set(nil)
		wants(t, "after KMS "+name, c.get("/dashboard", token), 200)
		wants(t, "after KMS "+name+", verify", c.verify(challenge, recovery), 200)
	}
}

func kill(t *testing.T, runner *endtoend.Runner, function string) {
	t.Helper()
	pids, err := runner.Processes(function)
	if err != nil {
		t.Fatal(err)
	}
	if len(pids) == 0 {
		t.Fatalf("no process of %s", function)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "the process to end", func() bool {
		for _, pid := range pids {
			if syscall.Kill(pid, 0) == nil {
				return false
			}
		}
		return true
	})
}

func TestAFunctionWithoutASettingStopsAtInitAndNamesIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-o", dir+"/", "./functions/...")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for function, settings := range map[string][]string{
		"register": {
			"STAGE=x", "STACK=x", "ACCOUNTS_TABLE=x", "INVITATIONS_TABLE=x", "THROTTLES_TABLE=x", "KMS_KEY_ID=x", "SELF_REGISTRATION_ROLES=CONSUMER", "ARGON_MEMORY_KIB=47104", "ARGON_TIME=1", "TOTP_ISSUER=x",
			"REGISTRATIONS_PER_ADDRESS=100", "BREACHED_PASSWORD_RANGE_URL=https://127.0.0.1/", "AUDIT_TABLE=x", "AUDIT_RETENTION_DAYS=365",
		},
		"change-password": {
			"STAGE=x", "STACK=x", "ACCOUNTS_TABLE=x", "TOKENS_TABLE=x", "THROTTLES_TABLE=x", "AUDIT_TABLE=x", "KMS_KEY_ID=x", "ARGON_MEMORY_KIB=47104", "ARGON_TIME=1",
			"BREACHED_PASSWORD_RANGE_URL=https://127.0.0.1/", "AUDIT_RETENTION_DAYS=1",
		},
		"begin-enrolment": {
			"STAGE=x", "STACK=x", "ACCOUNTS_TABLE=x", "TOKENS_TABLE=x", "THROTTLES_TABLE=x", "AUDIT_TABLE=x", "KMS_KEY_ID=x", "TOTP_ISSUER=x", "AUDIT_RETENTION_DAYS=1",
		},
		"finish-enrolment": {"STAGE=x", "STACK=x", "ACCOUNTS_TABLE=x", "TOKENS_TABLE=x", "THROTTLES_TABLE=x", "AUDIT_TABLE=x", "KMS_KEY_ID=x", "AUDIT_RETENTION_DAYS=1"},
		"recovery-codes":   {"STAGE=x", "STACK=x", "ACCOUNTS_TABLE=x", "TOKENS_TABLE=x", "THROTTLES_TABLE=x", "AUDIT_TABLE=x", "KMS_KEY_ID=x", "AUDIT_RETENTION_DAYS=1"},
		"enrol": {
			"STAGE=x", "STACK=x", "ACCOUNTS_TABLE=x", "THROTTLES_TABLE=x", "AUDIT_TABLE=x", "KMS_KEY_ID=x", "ARGON_MEMORY_KIB=47104", "ARGON_TIME=1", "TOTP_ISSUER=x", "AUDIT_RETENTION_DAYS=1",
		},
		"login": {"STAGE=x", "STACK=x", "ACCOUNTS_TABLE=x", "CHALLENGES_TABLE=x", "THROTTLES_TABLE=x", "CHALLENGE_TTL_SECONDS=300", "ARGON_MEMORY_KIB=47104", "ARGON_TIME=1", "AUDIT_TABLE=x", "AUDIT_RETENTION_DAYS=365"},
		"verify-otp": {
			"STAGE=x", "STACK=x", "ACCOUNTS_TABLE=x", "CHALLENGES_TABLE=x", "TOKENS_TABLE=x", "DATA_KEYS_TABLE=x", "THROTTLES_TABLE=x", "KMS_KEY_ID=x", "TOKEN_TTL_SECONDS=3600",
			"AUDIT_TABLE=x", "AUDIT_RETENTION_DAYS=365",
		},
		"logout":             {"STAGE=x", "STACK=x", "ACCOUNTS_TABLE=x", "TOKENS_TABLE=x", "AUDIT_TABLE=x", "AUDIT_RETENTION_DAYS=365"},
		"authorizer":         {"STAGE=x", "STACK=x", "TOKENS_TABLE=x", "DATA_KEYS_TABLE=x", "KMS_KEY_ID=x", "AUDIT_TABLE=x", "AUDIT_RETENTION_DAYS=365"},
		"invitations":        {"STAGE=x", "STACK=x", "INVITATIONS_TABLE=x", "AUDIT_TABLE=x", "AUDIT_RETENTION_DAYS=365"},
		"audit-events":       {"STAGE=x", "STACK=x", "AUDIT_TABLE=x", "AUDIT_RETENTION_DAYS=365"},
		"dashboard":          {"STAGE=x", "STACK=x"},
		"admin-resource":     {"STAGE=x", "STACK=x"},
		"developer-resource": {"STAGE=x", "STACK=x"},
		"consumer-resource":  {"STAGE=x", "STACK=x"},
	} {
		lambda := []string{"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_SESSION_TOKEN=x", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1"}
		for i, setting := range settings {
			name, _, _ := strings.Cut(setting, "=")
			for what, environment := range map[string][]string{
				"unset": slices.Concat(settings[:i], settings[i+1:]),
				"empty": slices.Concat(settings[:i], settings[i+1:], []string{name + "="}),
			} {
				if what == "empty" && (name == "SELF_REGISTRATION_ROLES" || name == "BREACHED_PASSWORD_RANGE_URL") { // no role is free, no list is asked
					continue
				}
				command := exec.CommandContext(t.Context(), filepath.Join(dir, function))
				command.Env = slices.Concat(environment, lambda)
				out, err := command.CombinedOutput()
				if err == nil || !strings.Contains(string(out), name) || strings.Contains(string(out), "panic") {
					t.Errorf("%s with %s %s: %v, %s", function, name, what, err, out)
				}
			}
		}
	}
}

func TestTheLocalRunSaysInOneLineWhyItCannotStart(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("Resources:\n\t- nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, args := range map[string][]string{
		"a port in use":            {"-addr", strings.TrimPrefix(shared.URL, "http://")},
		"a broken template":        {"-addr", "127.0.0.1:0", "-template", broken},
		"no template":              {"-addr", "127.0.0.1:0", "-template", broken + "-none"},
		"an unknown parameter":     {"-addr", "127.0.0.1:0", "-param", "NoSuchThing=1"},
		"a parameter out of range": {"-addr", "127.0.0.1:0", "-param", "TokenTTLSeconds=99999999"},
	} {
		state := filepath.Join(t.TempDir(), "state.json")
		command := exec.CommandContext(t.Context(), program, append(args, "-state", state)...)
		command.Dir = root
		out, err := command.CombinedOutput()
		if command.ProcessState.ExitCode() != 1 || strings.Count(strings.TrimSpace(string(out)), "\n") != 0 || len(out) == 0 {
			t.Errorf("%s: %v, exit status %d:\n%s", what, err, command.ProcessState.ExitCode(), out)
		}
		if _, err := os.Stat(state); err == nil {
			t.Errorf("%s: a state file was left", what)
		}
	}
}

func TestTheLocalRunLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	runner, err := endtoend.Start(program, root, dir, withBackends()...)
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, function := range []string{"register", "login", "verify-otp", "authorizer"} {
		pids, err := runner.Processes(function)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pids...)
	}
	if len(all) == 0 {
		t.Fatal("no function is running")
	}
	if err := runner.Stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	for _, pid := range all {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d is still there", pid)
		}
	}
	for _, folder := range []string{dir, os.Getenv("TMPDIR")} {
		left, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range left {
			t.Errorf("%s was left", entry.Name())
		}
	}
}
