// Package samlocal_test runs the system under AWS's own tools: built by sam build, in the containers of sam local.
package samlocal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sallyport/tools/endtoend"
	"sallyport/tools/local/sam"
	"sallyport/tools/local/template"
)

// do runs a command in dir and returns what it printed.
func do(t *testing.T, dir string, name string, arguments ...string) (stdout string) {
	t.Helper()
	out, err := try(t.Context(), dir, name, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// try is do for any goroutine.
func try(ctx context.Context, dir string, name string, arguments ...string) (stdout string, err error) {
	var out, problems bytes.Buffer
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir, command.Env, command.Stdout, command.Stderr = dir, sam.Environment(), &out, &problems
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(arguments, " "), err, out.String(), problems.String())
	}
	return out.String(), nil
}

func TestTheSystemIsTheSameUnderSAMLocal(t *testing.T) {
	if !endtoend.SAMIsWanted(t) {
		return
	}
	root := repository(t)
	program, err := endtoend.Build(t.Context(), root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	// AWS's own DynamoDB, and a KMS that is not of this project either, where they run.
	arguments := []string{"-sam", "127.0.0.1:0"}
	for flag, variable := range map[string]string{"-dynamodb": "DYNAMODB_LOCAL_URL", "-kms": "KMS_MOTO_URL"} {
		if url := os.Getenv(variable); url != "" {
			arguments = append(arguments, flag, url)
		} else if os.Getenv("CI") != "" {
			t.Fatalf("in CI, %s must name a server", variable)
		}
	}
	directory := t.TempDir()
	runner, err := endtoend.Start(program, root, directory, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	t.Cleanup(func() {
		if !stopped {
			runner.Stop() //nolint:errcheck // the test has failed already
		}
		if t.Failed() {
			t.Log(runner.Output())
		}
	})
	state, err := runner.State()
	if err != nil {
		t.Fatal(err)
	}

	t.Run("the acceptance run passes", func(t *testing.T) {
		out := do(t, root, "go", "run", "./tools/verify", "-sam-local", "-state", filepath.Join(directory, "state.json"))
		if !strings.Contains(out, " 0 failed, 0 not looked at\n") {
			t.Error(out)
		}
	})
	t.Run("a session of one is a session of the other", func(t *testing.T) {
		crossSessions(t, endtoend.NewClient(state.SAMURL), runner.Client)
	})
	t.Run("every function answers its event", func(t *testing.T) { invokeEach(t, root) })

	stopped = true
	if err := runner.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{"with-backends.yaml", "environment.json"} {
		if _, err := os.Stat(filepath.Join(root, ".aws-sam", "local", left)); err == nil {
			t.Errorf("%s is left behind", left)
		}
	}
	if strings.Contains(runner.Output(), " may not ") {
		t.Error("a function was refused a call of its own")
	}
}

// crossSessions signs in under SAM, and out at the other emulator, and the other way round.
func crossSessions(t *testing.T, containers, processes endtoend.Client) {
	t.Helper()
	for _, way := range []struct {
		name    string
		in, out endtoend.Client
	}{{"in under SAM", containers, processes}, {"out under SAM", processes, containers}} {
		user, err := way.in.Register(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		token, err := way.in.SignIn(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		status := func(client endtoend.Client) int {
			response, err := client.Get(t.Context(), "/dashboard", token)
			if err != nil {
				t.Fatal(err)
			}
			return response.Status
		}
		if a, b := status(way.in), status(way.out); a != http.StatusOK || b != http.StatusOK {
			t.Errorf("%s: the dashboards say %d and %d", way.name, a, b)
		}
		response, err := way.out.Logout(t.Context(), token)
		if err != nil || response.Status != http.StatusNoContent {
			t.Fatalf("%s: logging out: %v, %d", way.name, err, response.Status)
		}
		// sam local answers 502 where API Gateway answers 401 (docs/local.md).
		if a, b := status(containers), status(processes); a != http.StatusBadGateway || b != http.StatusUnauthorized {
			t.Errorf("%s: after the logout the dashboards say %d and %d", way.name, a, b)
		}
	}
}

// invocations is how many of SAM's commands run at once: each computes for two seconds before it starts a container and waits for it.
const invocations = 3

// invokeEach runs `sam local invoke` for every function with its event, as samconfig.toml has it.
func invokeEach(t *testing.T, root string) {
	t.Helper()
	stack, err := template.Load(filepath.Join(root, "template.yaml"), template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	skipPull := sam.SkipPull(t.Context())
	free := make(chan struct{}, invocations)
	var all sync.WaitGroup
	defer all.Wait()
	for _, function := range stack.Functions {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			invoke(t, root, function, skipPull)
		})
	}
}

// invoke runs `sam local invoke` for one function.
func invoke(t *testing.T, root string, function template.Function, flags []string) {
	event := filepath.Join("events", filepath.Base(function.CodeDir)+".json")
	out, err := try(t.Context(), root, "sam", append([]string{"local", "invoke", function.LogicalID, "--event", event}, flags...)...)
	if err != nil {
		t.Error(err)
		return
	}
	want := endtoend.EventAnswer(function.LogicalID)
	var answer struct {
		StatusCode   json.Number `json:"statusCode"`
		ErrorMessage string      `json:"errorMessage"`
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || answer.StatusCode.String()+answer.ErrorMessage != want {
		t.Errorf("%s: %v, %s, want %s", function.LogicalID, err, out, want)
	}
}
