package endtoend_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/tools/endtoend"
)

// One local run serves all tests that need nothing special of theirs: each test has accounts of its own.
var (
	program string
	root    string
	shared  *endtoend.Runner
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "sallyport-endtoend")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if root, err = filepath.Abs("../.."); err == nil {
		err = readDescription(root)
	}
	if err == nil {
		program, err = endtoend.Build(context.Background(), root, dir, "-race")
	}
	if err == nil {
		shared, err = endtoend.Start(program, root, dir, withBackends()...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	shared.Client = watched(shared.Client)
	code := m.Run()
	if err := auditTells(shared); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	runners := []*endtoend.Runner{shared}
	if unharmed.runner != nil {
		runners = append(runners, unharmed.runner)
	}
	for _, runner := range runners {
		if err := runner.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the local run:", err)
			code = 1
		}
	}
	if err := sweep(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "deleting what the tests made:", err)
		code = 1
	}
	for _, fault := range undescribed() {
		fmt.Fprintln(os.Stderr, fault)
		code = 1
	}
	// Last of all, over all that every test has made them print.
	for _, runner := range runners {
		if leaked := secrets.in(runner.Output()); len(leaked) > 0 {
			fmt.Fprintf(os.Stderr, "the output of the local run tells %d secrets, such as a %s\n", len(leaked), leaked[0])
			code = 1
		}
		if strings.Contains(runner.Output(), "DATA RACE") {
			fmt.Fprintln(os.Stderr, "the local run has a data race:\n"+runner.Output())
			code = 1
		}
	}
	return code
}

// auditTells returns an error if the table Audit holds a secret, after all that the tests have done.
func auditTells(runner *endtoend.Runner) error {
	state, err := runner.State()
	if err != nil {
		return err
	}
	pages := dynamodb.NewScanPaginator(clientOf(state.DynamoDBURL), &dynamodb.ScanInput{TableName: aws.String(state.Tables["Audit"])})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			return fmt.Errorf("reading the table Audit: %w", err)
		}
		for _, r := range page.Items {
			for name, value := range flatten(r) {
				if leaked := secrets.in(string(value)); len(leaked) > 0 {
					return fmt.Errorf("the table Audit has a %s in %s", leaked[0], name)
				}
			}
		}
	}
	return nil
}

// unharmed is a local run whose processes no test ends, for those that look at the processes themselves.
var unharmed struct {
	once   sync.Once
	runner *endtoend.Runner
	err    error
}

func unharmedRun(t *testing.T) *endtoend.Runner {
	t.Helper()
	unharmed.once.Do(func() {
		dir := filepath.Join(filepath.Dir(program), "unharmed") // outlives this test
		if unharmed.err = os.Mkdir(dir, 0o700); unharmed.err == nil {
			unharmed.runner, unharmed.err = endtoend.Start(program, root, dir, withBackends()...)
		}
		if unharmed.err == nil {
			unharmed.runner.Client = watched(unharmed.runner.Client)
		}
	})
	if unharmed.err != nil {
		t.Fatal(unharmed.err)
	}
	return unharmed.runner
}

// start starts a local run for one test, which ends it and looks through what it printed. Such tests wait more than they work, and
// run beside each other.
func start(t *testing.T, args ...string) *endtoend.Runner {
	t.Helper()
	runner, err := endtoend.Start(program, root, t.TempDir(), withBackends(args...)...)
	if err != nil {
		t.Fatal(err)
	}
	runner.Client = watched(runner.Client)
	t.Cleanup(func() {
		if err := runner.Stop(); err != nil {
			t.Error(err)
		}
		if leaked := secrets.in(runner.Output()); len(leaked) > 0 {
			t.Errorf("the output of the local run tells %d secrets, such as a %s", len(leaked), leaked[0])
		}
		if strings.Contains(runner.Output(), "DATA RACE") {
			t.Error("the local run has a data race:\n" + runner.Output())
		}
	})
	return runner
}

// secrets are all passwords, codes, tokens and keys that the tests have handled: none may appear in what is printed.
var secrets canaries

type canaries struct {
	mu    sync.Mutex
	texts map[string]string // secret to kind
}

func (c *canaries) add(kind string, texts ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.texts == nil {
		c.texts = map[string]string{}
	}
	for _, text := range texts {
		if len(text) >= 10 { // six digits turn up by chance
			c.texts[text] = kind
		}
	}
}

func (c *canaries) in(output string) (kinds []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for text, kind := range c.texts {
		if strings.Contains(output, text) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// caller makes a test's calls and ends the test when one cannot be made.
type caller struct {
	endtoend.Client
	t *testing.T
}

func calling(t *testing.T, client endtoend.Client) caller {
	t.Helper()
	return caller{watched(client), t}
}

func (c caller) do(method, path string, body any, headers ...string) endtoend.Response {
	c.t.Helper()
	response, err := c.Do(c.t.Context(), method, path, body, headers...)
	if err != nil {
		c.t.Fatal(err)
	}
	return response
}

func (c caller) get(path, token string) endtoend.Response {
	c.t.Helper()
	return c.do(http.MethodGet, path, nil, "Authorization", "Bearer "+token)
}

// as makes a request with a token.
func (c caller) as(token, method, path string, body any) endtoend.Response {
	c.t.Helper()
	got := c.do(method, path, body, "Authorization", "Bearer "+token)
	secrets.add("API token", got.Text("api_token"))
	secrets.add("enrolment", got.Text("enrolment"))
	return got
}

// objects returns the objects in a list of an answer.
func objects(response endtoend.Response, list string) (found []map[string]any) {
	all, _ := response.JSON[list].([]any)
	for _, one := range all {
		if object, ok := one.(map[string]any); ok {
			found = append(found, object)
		}
	}
	return found
}

func (c caller) logout(token string) endtoend.Response {
	c.t.Helper()
	return c.do(http.MethodPost, "/logout", nil, "Authorization", "Bearer "+token)
}

// recover signs the user in once more, with a recovery code: a code of the app is good once in its half minute.
func (c caller) recover(user *endtoend.User) string {
	c.t.Helper()
	last := len(user.RecoveryCodes) - 1
	got := c.verify(c.login(user), user.RecoveryCodes[last])
	user.RecoveryCodes = user.RecoveryCodes[:last]
	wants(c.t, "signing in with a recovery code", got, 200)
	return got.Text("access_token")
}

// renew asks for a new token in this one's place.
func (c caller) renew(token string) endtoend.Response {
	c.t.Helper()
	got := c.do(http.MethodPost, "/renew", nil, "Authorization", "Bearer "+token)
	secrets.add("token", got.Text("access_token"))
	return got
}

func (c caller) verify(challenge, code string) endtoend.Response {
	c.t.Helper()
	response, err := c.Verify(c.t.Context(), challenge, code)
	if err != nil {
		c.t.Fatal(err)
	}
	secrets.add("access token", response.Text("access_token"))
	return response
}

func (c caller) login(user *endtoend.User) string {
	c.t.Helper()
	challenge, err := c.Login(c.t.Context(), user)
	if err != nil {
		c.t.Fatal(err)
	}
	return challenge
}

func (c caller) signIn(user *endtoend.User) string {
	c.t.Helper()
	token, err := c.SignIn(c.t.Context(), user)
	if err != nil {
		c.t.Fatal(err)
	}
	secrets.add("access token", token)
	return token
}

// user registers a CONSUMER.
func (c caller) user() *endtoend.User {
	c.t.Helper()
	return c.register("", "")
}

func (c caller) register(role, invitation string) *endtoend.User {
	c.t.Helper()
	user, err := c.Register(c.t.Context(), role, invitation)
	if err != nil {
		c.t.Fatal(err)
	}
	secrets.add("password", user.Password)
	secrets.add("authenticator secret", user.Base32)
	secrets.add("recovery code", user.RecoveryCodes...)
	return user
}

// admins makes the ADMIN of a local run once, since its first invitation works once.
var admins struct {
	mu    sync.Mutex
	token map[string]string
}

// admin returns a token of an ADMIN.
func (c caller) admin(runner *endtoend.Runner) string {
	c.t.Helper()
	admins.mu.Lock()
	defer admins.mu.Unlock()
	if token := admins.token[runner.URL]; token != "" {
		return token
	}
	state, err := runner.State()
	if err != nil {
		c.t.Fatal(err)
	}
	token := c.signIn(c.register("ADMIN", state.AdminInvitation))
	if admins.token == nil {
		admins.token = map[string]string{}
	}
	admins.token[runner.URL] = token
	return token
}

// invite returns an invitation for role.
func (c caller) invite(runner *endtoend.Runner, role string) string {
	c.t.Helper()
	response := c.do(http.MethodPost, "/invitations", map[string]any{"role": role}, "Authorization", "Bearer "+c.admin(runner))
	if response.Status != http.StatusCreated {
		c.t.Fatalf("inviting: %d %s", response.Status, response.Body)
	}
	secrets.add("invitation", response.Text("invitation"))
	return response.Text("invitation")
}

// member returns a signed-in user of role.
func (c caller) member(runner *endtoend.Runner, role string) (*endtoend.User, string) {
	c.t.Helper()
	invitation := ""
	if role != "CONSUMER" {
		invitation = c.invite(runner, role)
	}
	user := c.register(role, invitation)
	return user, c.signIn(user)
}

// wants checks a refusal: its status, and that it is a problem of the contract's form with the right headers.
func wants(t *testing.T, what string, response endtoend.Response, status int) {
	t.Helper()
	if response.Status != status {
		t.Errorf("%s: %d, want %d: %s", what, response.Status, status, response.Body)
		return
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if response.Header.Get(name) != want {
			t.Errorf("%s: %s is %q", what, name, response.Header.Get(name))
		}
	}
	if !strings.HasPrefix(response.Header.Get("Strict-Transport-Security"), "max-age=") {
		t.Errorf("%s: no Strict-Transport-Security", what)
	}
	if status < 400 {
		return
	}
	if response.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: Content-Type %q", what, response.Header.Get("Content-Type"))
	}
	members := 5
	if response.Text("error") != "" { // what RFC 6749 calls it, at the routes for resource servers
		members = 6
	}
	if !strings.HasPrefix(response.Text("type"), "urn:problem-type:sallyport:") || response.Text("title") == "" || response.Text("detail") == "" ||
		!strings.HasPrefix(response.Text("instance"), "urn:uuid:") || response.JSON["status"] != float64(status) || len(response.JSON) != members {
		t.Errorf("%s: not a problem as the contract says: %s", what, response.Body)
	}
	if (status == 429 || status == 503) && response.Header.Get("Retry-After") == "" {
		t.Errorf("%s: %d without Retry-After", what, status)
	}
}
