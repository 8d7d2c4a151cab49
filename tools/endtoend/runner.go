// Package endtoend starts the local run and calls it as a client would. The tests in this folder drive the whole system with
// it, from HTTP down to the stored rows; package bench measures with it.
package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startLimit is how long the local run may take until it answers. It builds the functions first.
const startLimit = 5 * time.Minute

// Runner is one local run.
type Runner struct {
	Client
	statePath string
	command   *exec.Cmd
	output    *output
	exited    chan struct{} // closed once the process has ended, with exitErr set
	exitErr   error
}

// State is what the local run writes for other programs.
type State struct {
	URL             string            `json:"url"`
	AttachedURL     string            `json:"attached_url"` // empty without -attach
	SAMURL          string            `json:"sam_url"`
	PID             int               `json:"pid"`
	AdminInvitation string            `json:"admin_invitation"`
	DynamoDBURL     string            `json:"dynamodb_url"`
	KMSURL          string            `json:"kms_url"`
	KMSKeyID        string            `json:"kms_key_id"`
	Tables          map[string]string `json:"tables"`
}

// Build compiles the local run into dir and returns the program's path. root is the repository.
func Build(ctx context.Context, root, dir string, flags ...string) (string, error) {
	program := filepath.Join(dir, "local")
	build := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", program}, flags...), "./tools/local")...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the local run: %w\n%s", err, out)
	}
	return program, nil
}

// Start runs program in root on a free port and waits until it answers. dir is for its state file; args are added to its own.
func Start(program, root, dir string, args ...string) (*Runner, error) {
	r := &Runner{statePath: filepath.Join(dir, "state.json"), output: &output{}, exited: make(chan struct{})}
	r.command = exec.Command(program, append([]string{"-addr", "127.0.0.1:0", "-state", r.statePath}, args...)...)
	r.command.Dir, r.command.Stdout, r.command.Stderr = root, r.output, r.output
	if err := r.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the local run: %w", err)
	}
	go func() {
		r.exitErr = r.command.Wait()
		close(r.exited)
	}()
	for deadline := time.Now().Add(startLimit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		select {
		case <-r.exited:
			return nil, fmt.Errorf("the local run ended before it answered: %w\n%s", r.exitErr, r.Output())
		default:
		}
		state, err := r.State()
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, errors.Join(err, r.Stop())
		}
		r.Client = NewClient(state.URL)
		return r, nil
	}
	return nil, errors.Join(fmt.Errorf("the local run did not answer within %v:\n%s", startLimit, r.Output()), r.Stop())
}

// State reads the state file as it is now.
func (r *Runner) State() (State, error) {
	var state State
	text, err := os.ReadFile(r.statePath)
	if err != nil {
		return State{}, fmt.Errorf("reading the state file: %w", err)
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return State{}, fmt.Errorf("reading the state file: %w", err)
	}
	return state, nil
}

// Output returns all that the local run and its functions have printed so far.
func (r *Runner) Output() string { return r.output.String() }

// Stop ends the local run as Ctrl-C does, and returns an error unless it ends well.
func (r *Runner) Stop() error {
	if err := r.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping the local run: %w", err)
	}
	select {
	case <-r.exited:
		return r.exitErr
	case <-time.After(20 * time.Second):
		return errors.Join(errors.New("the local run does not stop"), r.command.Process.Kill())
	}
}

// Processes returns the process ids of the named function (the folder's name, such as "verify-otp"), as the operating
// system lists the runner's children.
func (r *Runner) Processes(function string) ([]int, error) {
	children, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var pids []int
	for _, entry := range children {
		var pid, parent int
		if _, err := fmt.Sscan(entry.Name(), &pid); err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil { // it has ended meanwhile
			continue
		}
		// The second field is the program's name in parentheses, which may hold spaces.
		rest := string(stat[bytes.LastIndexByte(stat, ')')+1:])
		if _, err := fmt.Sscanf(strings.TrimSpace(rest), "%1s %d", new(string), &parent); err != nil || parent != r.command.Process.Pid {
			continue
		}
		environment, err := os.ReadFile("/proc/" + entry.Name() + "/environ")
		if err == nil && strings.Contains(string(environment), "LAMBDA_TASK_ROOT=") && hasFunction(string(environment), function) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

func hasFunction(environment, function string) bool {
	logical := strings.ReplaceAll(function, "-", "") + "function"
	for variable := range strings.SplitSeq(environment, "\x00") {
		if name, ok := strings.CutPrefix(variable, "AWS_LAMBDA_FUNCTION_NAME="); ok {
			return strings.HasSuffix(strings.ToLower(name), "-"+logical) // as STACK-SessionsFunction, not EndOtherSessionsFunction
		}
	}
	return false
}

// output collects what several goroutines print.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
