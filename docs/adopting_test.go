package docs_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sallyport/tools/endtoend"
	"sallyport/tools/workcopy"
)

const otherTemplate = "docs/examples/other-api/template.yaml"

// buildLocal builds the local run.
func buildLocal(t *testing.T) string {
	t.Helper()
	program, err := endtoend.Build(t.Context(), root, t.TempDir(), "-trimpath")
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func TestTheStepsOfTheAdoptingPageWork(t *testing.T) {
	program, changed := buildLocal(t), workcopy.New(t, root)
	steps := readSteps(t)
	for number := 1; number <= len(steps); number++ {
		steps[number].take(t, changed, "", "")
	}
	dir := t.TempDir()
	runner, err := endtoend.Start(program, changed.Root, dir, "-attach", otherTemplate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := runner.Stop(); err != nil {
			t.Error(err)
		}
	})
	state, err := runner.State()
	if err != nil {
		t.Fatal(err)
	}
	other := endtoend.NewClient(state.AttachedURL)
	tokens := signIn(t, runner, "ADMIN", "DEVELOPER", "CONSUMER", "AUDITOR")
	for route, want := range map[string]map[string]int{
		"GET /reports":            {"ADMIN": 403, "DEVELOPER": 200, "CONSUMER": 403, "AUDITOR": 200, "": 401},
		"GET /dashboard":          {"ADMIN": 200, "DEVELOPER": 200, "CONSUMER": 200, "AUDITOR": 200, "": 401},
		"GET /developer_resource": {"AUDITOR": 403},
		"GET /admin_resource":     {"AUDITOR": 403},
		"POST /invitations":       {"AUDITOR": 403},
	} {
		for role, status := range want {
			wants(t, runner.Client, route, role, tokens[role], status)
		}
	}
	for role, status := range map[string]int{"ADMIN": 403, "DEVELOPER": 403, "CONSUMER": 200, "AUDITOR": 403, "": 401} {
		wants(t, other, "GET /notes", role, tokens[role], status)
	}
	wants(t, other, "GET /dashboard", "CONSUMER", tokens["CONSUMER"], 404)
	wants(t, runner.Client, "GET /notes", "CONSUMER", tokens["CONSUMER"], 404)

	// Out at the one, and at once out at the other.
	wants(t, runner.Client, "POST /logout", "CONSUMER", tokens["CONSUMER"], 204)
	wants(t, other, "GET /notes", "CONSUMER, logged out,", tokens["CONSUMER"], 401)
	wants(t, runner.Client, "GET /dashboard", "CONSUMER, logged out,", tokens["CONSUMER"], 401)

	// The acceptance run knows what is new, and the tests that read the tables pass.
	output, err := changed.Go(t.Context(), "run", "./tools/verify", "-state", filepath.Join(dir, "state.json"))
	if err != nil || !strings.Contains(output, "AUDITOR's token opens AUDITOR's routes alone: GET /dashboard 200, GET /admin_resource 403") ||
		!strings.Contains(output, "GET /reports 200") {
		t.Errorf("the acceptance run: %v\n%s", err, output)
	}
	tests := []string{"./shared", "./shared/policy", "./tools/local/template", "./tools/expanded", "./tools/openapi/...", "./functions/reports"}
	if output, err := changed.Go(t.Context(), append([]string{"test", "-vet=off"}, tests...)...); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// signIn returns a token for each role. The first of them is ADMIN's, who invites the others.
func signIn(t *testing.T, runner *endtoend.Runner, roles ...string) map[string]string {
	t.Helper()
	state, err := runner.State()
	if err != nil {
		t.Fatal(err)
	}
	tokens, invitation := map[string]string{}, state.AdminInvitation
	for _, role := range roles {
		if role != roles[0] {
			response, err := runner.Do(t.Context(), http.MethodPost, "/invitations", map[string]string{"role": role}, "Authorization", "Bearer "+tokens[roles[0]])
			if err != nil {
				t.Fatal(err)
			}
			if invitation = response.Text("invitation"); response.Status != http.StatusCreated {
				t.Fatalf("inviting a %s: %d %s", role, response.Status, response.Body)
			}
		}
		user, err := runner.Register(t.Context(), role, invitation)
		if err != nil {
			t.Fatal(err)
		}
		if tokens[role], err = runner.SignIn(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	return tokens
}

// wants calls a route, with no token if it is empty, and checks the status. A refusal must be a problem.
func wants(t *testing.T, client endtoend.Client, route, who, token string, status int) {
	t.Helper()
	method, resource, _ := strings.Cut(route, " ")
	var headers []string
	if token != "" {
		headers = []string{"Authorization", "Bearer " + token}
	}
	response, err := client.Do(t.Context(), method, resource, nil, headers...)
	if err != nil {
		t.Fatal(err)
	}
	if response.Status != status || status >= 400 && response.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s at %s as %q: %d, want %d: %s", route, client.URL, who, response.Status, status, response.Body)
	}
}

func TestEachStepThatTheAdoptingPageLeavesOutIsFound(t *testing.T) {
	program, steps := buildLocal(t), readSteps(t)
	found := map[int]bool{}
	for _, o := range readOmissions(t) {
		found[o.step] = true
		t.Run(o.firstCells, func(t *testing.T) {
			t.Parallel()
			changed := workcopy.New(t, root)
			for number := 1; number <= len(steps) && steps[number].section <= steps[o.step].section; number++ {
				if number != o.step {
					steps[number].take(t, changed, "", "")
				} else if o.word != "" {
					steps[number].take(t, changed, o.word, o.right)
				}
			}
			var output string
			if o.test == "" {
				output = failsToStart(t, program, changed, len(steps) == o.step)
			} else if out, passed := changed.Test(t, o.folder, o.test); passed {
				t.Errorf("%s passes", o.test)
			} else {
				output = out
			}
			if !strings.Contains(output, o.says) {
				t.Errorf("it does not say %s:\n%s", o.says, output)
			}
		})
	}
	for number := range steps {
		if !found[number] {
			t.Errorf("the table does not say what happens without step %d", number)
		}
	}
}

// failsToStart runs the local run in the copy and returns the one line that it must end with, at once.
func failsToStart(t *testing.T, program string, c workcopy.Copy, attached bool) string {
	t.Helper()
	arguments := []string{"-addr", "127.0.0.1:0", "-state", filepath.Join(t.TempDir(), "state.json")}
	if attached {
		arguments = append(arguments, "-attach", otherTemplate)
	}
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir = c.Root
	output, err := command.CombinedOutput()
	if command.ProcessState.ExitCode() != 1 || !regexp.MustCompile(`^local: [\w./-]+:\d+: \w+: [^\n]+; [^\n]+\n$`).Match(output) {
		t.Errorf("want exit status 1 and one line with file, line number and logical id; got %v and\n%s", err, output)
	}
	return string(output)
}
