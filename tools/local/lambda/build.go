package lambda

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"sallyport/tools/local/child"
	"sallyport/tools/local/template"
)

// Build builds every function for this machine below dir, as <dir>/<logical id>/bootstrap, and returns the paths by logical id. All
// folders go to one go command, which shares their packages and keeps the processors busy. The error of a function that doesn't build
// is one line with its logical id, its folder and the compiler's first words.
func Build(ctx context.Context, dir string, functions []template.Function) (map[string]string, error) {
	folders := map[string]bool{}
	for _, f := range functions {
		folders[f.CodeDir] = true
	}
	built := map[string]string{} // by folder
	for len(folders) > 0 {
		batch := map[string]string{} // folder by its base name, which is what go build calls the binary
		for _, folder := range slices.Sorted(maps.Keys(folders)) {
			if _, taken := batch[filepath.Base(folder)]; !taken {
				batch[filepath.Base(folder)] = folder
				delete(folders, folder)
			}
		}
		out := filepath.Join(dir, fmt.Sprintf("build-%d", len(built)))
		if err := buildBatch(ctx, dir, out, slices.Sorted(maps.Values(batch)), functions); err != nil {
			return nil, err
		}
		for base, folder := range batch {
			built[folder] = filepath.Join(out, base+executableSuffix())
		}
	}
	binaries := map[string]string{}
	for _, f := range functions {
		root := filepath.Join(dir, f.LogicalID)
		binary := filepath.Join(root, "bootstrap"+executableSuffix())
		if err := os.Mkdir(root, 0o700); err != nil {
			return nil, fmt.Errorf("build %s: %w", f.LogicalID, err)
		}
		if err := os.Link(built[f.CodeDir], binary); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s (%s) does not build: it is not a main package", f.LogicalID, f.CodeDir)
		} else if err != nil {
			return nil, fmt.Errorf("build %s: %w", f.LogicalID, err)
		}
		binaries[f.LogicalID] = binary
	}
	return binaries, nil
}

func buildBatch(ctx context.Context, dir, out string, folders []string, functions []template.Function) error {
	if err := os.Mkdir(out, 0o700); err != nil {
		return fmt.Errorf("build the functions: %w", err)
	}
	output, err := goBuild(ctx, dir, out, folders)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("the go command is not in PATH: install Go (https://go.dev/dl) and try again")
	case ctx.Err() != nil:
		return fmt.Errorf("build the functions: %w", ctx.Err())
	case len(folders) == 1:
		return notBuilt(folders[0], functions, output, err)
	}
	for _, folder := range folders { // which one was it?
		if output, err := goBuild(ctx, dir, out, []string{folder}); err != nil {
			return notBuilt(folder, functions, output, err)
		}
	}
	return nil
}

// goBuild runs go build as the deployment does, but for this machine.
func goBuild(ctx context.Context, dir, out string, folders []string) (string, error) {
	arguments := append([]string{"build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", out + string(filepath.Separator)}, folders...)
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = folders[0]
	// Go's own temporary files go below dir too, so that they are removed with it even if the build is interrupted.
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, "GOTMPDIR="+dir)
	command.Cancel = func() error { child.KillGroup(command); return nil }
	child.OwnGroup(command, syscall.SIGKILL)
	runtime.LockOSThread() // see child.Spawner
	defer runtime.UnlockOSThread()
	output, err := command.CombinedOutput()
	return string(output), err
}

func notBuilt(folder string, functions []template.Function, output string, err error) error {
	first := err.Error()
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			first = line
			break
		}
	}
	var names []string
	for _, f := range functions {
		if f.CodeDir == folder {
			names = append(names, f.LogicalID)
		}
	}
	return fmt.Errorf("%s (%s) does not build: %s", strings.Join(names, ", "), folder, first)
}

func executableSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
