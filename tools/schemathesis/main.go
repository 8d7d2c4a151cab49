// Command schemathesis tests the API against docs/openapi.yaml with schemathesis (https://schemathesis.readthedocs.io): it starts a
// local run of its own on a free port, runs the command schemathesis on it, and ends it. schemathesis.toml beside it says how it
// tests, and hooks.py signs its callers in.
//
// Beyond what schemathesis finds by itself it fails if a route was never answered with success, if the stateful phase has not walked
// from a registration to a logout, or if a function had an error.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"sallyport/tools/endtoend"
	"sallyport/tools/openapi"
)

const program = "schemathesis"

// timeLimit is for a run that hangs: a whole one takes some minutes.
const timeLimit = 15 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "schemathesis:", err)
		os.Exit(1) //nolint:gocritic // exitAfterDefer: what stop frees ends with the process
	}
}

// run tests the repository in the current folder. arguments are added to schemathesis' own.
func run(ctx context.Context, arguments []string) (err error) {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("%s is missing: pip install %s", program, program)
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sallyport-schemathesis")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	local, err := endtoend.Build(ctx, root, dir)
	if err != nil {
		return err
	}
	runner, err := endtoend.Start(local, root, dir)
	if err != nil {
		return err
	}
	report := filepath.Join(dir, "report.json")
	failure := test(ctx, runner.URL, root, dir, report, arguments)
	if err := errors.Join(failure, runner.Stop()); err != nil {
		return err
	}
	return errors.Join(judge(filepath.Join(root, "docs", "openapi.yaml"), report), errorsIn(runner.Output()))
}

func test(ctx context.Context, url, root, dir, report string, arguments []string) error {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	here := filepath.Join(root, "tools", "schemathesis")
	command := exec.CommandContext(ctx, program, append([]string{
		"--config-file", filepath.Join(here, "schemathesis.toml"), "run", filepath.Join(root, "docs", "openapi.yaml"), "--url", url,
	}, arguments...)...)
	command.Dir, command.Stdout, command.Stderr = dir, os.Stdout, os.Stderr // what it leaves goes with the folder
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	command.Env = append(os.Environ(), "SALLYPORT_URL="+url, "SALLYPORT_STATE="+filepath.Join(dir, "state.json"), "SALLYPORT_REPORT="+report,
		"SCHEMATHESIS_HOOKS=hooks", "PYTHONPATH="+here, "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0")
	err := command.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s has not ended within %v", program, timeLimit)
	}
	if err != nil {
		return fmt.Errorf("%s found something, or did not run: %w", program, err)
	}
	return nil
}

// report is what hooks.py has counted.
type report struct {
	Statuses map[string]map[string]int `json:"statuses"` // by operation
	Walks    [][]string                `json:"walks"`    // operations that succeeded, from a registration on, one walk a session
}

// judge says whether the run was worth something.
func judge(description, file string) error {
	document, err := openapi.Read(description)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the report of hooks.py: %w", err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("reading the report of hooks.py: %w", err)
	}
	var failures []error
	for _, route := range document.Routes() {
		success := slices.ContainsFunc(route.Responses.Names(), func(status string) bool { return status < "300" && r.Statuses[route.ID][status] > 0 })
		if !success {
			failures = append(failures, fmt.Errorf("%s was never answered with success: %v", route, r.Statuses[route.ID]))
		}
	}
	for _, route := range document.Routes() {
		fmt.Printf("%-40s %v\n", route, r.Statuses[route.ID])
	}
	whole := 0
	for _, walk := range r.Walks {
		if used := slices.Index(walk, "verifyOTP") + 1; walk[len(walk)-1] == "logout" && len(walk) > used+1 {
			whole++
		}
	}
	fmt.Printf("the stateful phase has walked from a registration to a session %d times, and on over its use to a logout %d times\n", len(r.Walks), whole)
	if whole == 0 {
		failures = append(failures, errors.New("the stateful phase has not walked from a registration over a sign-in and a use of the token to a logout"))
	}
	return errors.Join(failures...)
}

// errorsIn returns what functions have logged as errors: nothing that a caller sends may cause one.
func errorsIn(output string) error {
	var failures []error
	for line := range strings.Lines(output) {
		if strings.Contains(line, `"level":"ERROR"`) || strings.Contains(line, "panic") {
			failures = append(failures, errors.New(strings.TrimSpace(line)))
		}
	}
	if len(failures) > 0 {
		return fmt.Errorf("%d errors of functions, such as %w", len(failures), failures[0])
	}
	return nil
}
