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
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The files beside SAM's own build that tell `sam local` of this run. samconfig.toml names them, so that `sam local invoke` takes them too.
const (
	templateFile    = "with-backends.yaml"
	environmentFile = "environment.json"
)

// Options say what is served where.
type Options struct {
	BuildDir  string                       // where sam build wrote what it built
	Variables map[string]map[string]string // of each function's environment, by logical id
	Output    io.Writer                    // for SAM's own words and the functions' logs
}

// Start runs `sam local start-api` on what sam build wrote, told of this run, and returns once it takes connections. It is to be called in
// the folder of samconfig.toml. The caller must Stop what it returns.
func Start(ctx context.Context, o Options) (*API, error) {
	if err := Check(ctx); err != nil {
		return nil, err
	}
	if err := o.write(); err != nil {
		return nil, err
	}
	a, err := Serve(ctx, ".", o.Output)
	if err != nil {
		return nil, errors.Join(err, o.clean())
	}
	a.clean = o.clean
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
func (o Options) clean() error {
	var failed error
	for _, name := range []string{templateFile, environmentFile} {
		if err := os.Remove(filepath.Join(o.BuildDir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, fmt.Errorf("remove what sam local was told: %w", err))
		}
	}
	return failed
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line
}
