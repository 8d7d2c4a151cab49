// Package sam serves the API with the AWS SAM CLI, which runs each function in a container of Docker's, on the tables and keys of the
// local run. It is a second emulator beside this project's own: what both agree on, neither made up.
//
// What is known to differ from AWS stands in docs/local.md.
package sam

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"sallyport/tools/local/child"
)

// The files beside SAM's own build that tell `sam local` of this run. samconfig.toml names them, so that `sam local invoke` takes them too.
const (
	templateFile    = "with-backends.yaml"
	environmentFile = "environment.json"
)

const loopback = "127.0.0.1"

const (
	startLimit = 3 * time.Minute  // the first time, Docker fetches Lambda's image
	stopLimit  = 30 * time.Second // removing ten containers takes some
)

// Options say what is served where.
type Options struct {
	BuildDir  string                       // where sam build wrote what it built
	Variables map[string]map[string]string // of each function's environment, by logical id
	Output    io.Writer                    // for SAM's own words and the functions' logs
}

// API is a running `sam local start-api`, on a port of this machine's own choice.
type API struct {
	options Options
	address string
	command *exec.Cmd
	spawner child.Spawner
	exited  chan struct{}
}

// Start runs `sam local start-api` and returns once it answers. The caller must Stop it.
func Start(ctx context.Context, o Options) (*API, error) {
	if err := Check(ctx); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	if err := o.write(); err != nil {
		return nil, err
	}
	a := &API{options: o, address: net.JoinHostPort(loopback, port), spawner: child.NewSpawner(), exited: make(chan struct{})}
	a.command = exec.Command("sam", append([]string{"local", "start-api", "--host", loopback, "--port", port}, SkipPull(ctx)...)...)
	a.command.Stdout, a.command.Stderr = o.Output, o.Output
	a.command.Env = Environment()
	a.command.WaitDelay = time.Second
	child.OwnGroup(a.command, syscall.SIGINT) // at which it removes its containers
	if err := a.spawner.Start(a.command); err != nil {
		return nil, errors.Join(fmt.Errorf("start sam local: %w", err), a.clean())
	}
	go func() {
		a.command.Wait() //nolint:errcheck // how it ended, its own output says
		close(a.exited)
	}()
	if err := a.await(ctx); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return a, nil
}

// Check tells what is missing before anything is started.
func Check(ctx context.Context) error {
	if _, err := exec.LookPath("sam"); err != nil {
		return errors.New("sam is missing: install the AWS SAM CLI (pip install aws-sam-cli)")
	}
	if _, err := exec.LookPath("docker"); err != nil {
		return errors.New("docker is missing: install Docker (https://docs.docker.com/get-docker), which sam local runs the functions in")
	}
	if out, err := exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").CombinedOutput(); err != nil {
		return fmt.Errorf("no Docker engine answers: start Docker and try again (%s)", firstLine(out))
	}
	return nil
}

// write makes the files that tell sam local of this run. They hold nothing that is good anywhere else.
func (o Options) write() error {
	built, err := os.ReadFile(filepath.Join(o.BuildDir, "template.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no %s: build it first (make build-local)", filepath.Join(o.BuildDir, "template.yaml"))
	}
	if err != nil {
		return fmt.Errorf("read what sam build wrote: %w", err)
	}
	template, err := declare(built, o.Variables)
	if err != nil {
		return err
	}
	// The same again in a file of its own: it outranks variables of these names in the shell, which sam local would otherwise hand on.
	variables, err := json.MarshalIndent(o.Variables, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the functions' environments: %w", err)
	}
	for name, content := range map[string][]byte{templateFile: template, environmentFile: variables} {
		if err := os.WriteFile(filepath.Join(o.BuildDir, name), content, 0o600); err != nil {
			return fmt.Errorf("tell sam local of this run: %w", err)
		}
	}
	return nil
}

// clean removes what write made, so that no later `sam local` looks for backends that are gone.
func (a *API) clean() error {
	var failed error
	for _, name := range []string{templateFile, environmentFile} {
		if err := os.Remove(filepath.Join(a.options.BuildDir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, fmt.Errorf("remove what sam local was told: %w", err))
		}
	}
	return failed
}

// await polls until the API answers. Whatever it answers to a path that is no route will do.
func (a *API) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("sam local does not answer on %s: %w", a.address, ctx.Err())
		case <-a.exited:
			return errors.New("sam local ended before it answered: it says above why")
		case <-ticker.C:
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.address+"/", http.NoBody)
		if err != nil {
			return fmt.Errorf("ask sam local whether it answers: %w", err)
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close() //nolint:errcheck // that it came is all that is wanted
			return nil
		}
	}
}

// Address is the host and port that it serves on.
func (a *API) Address() string { return a.address }

// Exited is closed when `sam local` has ended.
func (a *API) Exited() <-chan struct{} { return a.exited }

// Stop ends it as Ctrl-C does, at which it removes its containers.
func (a *API) Stop() error {
	child.InterruptGroup(a.command)
	var err error
	select {
	case <-a.exited:
	case <-time.After(stopLimit):
		child.KillGroup(a.command)
		<-a.exited
		err = errors.New("sam local did not stop when asked to: containers of it may be left (docker ps)")
	}
	a.spawner.Close()
	return errors.Join(err, a.clean())
}

// freePort finds a port that nobody has: SAM can't be told to take any free one.
func freePort() (string, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return "", fmt.Errorf("find a port for sam local: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line
}
