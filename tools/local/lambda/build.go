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
// folders that lie side by side go to one go command, which shares their packages and keeps the processors busy. What it links stays below
// the module's .local, so that the next run links what has changed and nothing else; where that can't be, everything is linked anew. The
// error of a function that doesn't build is one line with its logical id, its folder and the compiler's first words.
func Build(ctx context.Context, dir string, functions []template.Function) (map[string]string, error) {
	groups := map[string]map[string]bool{} // folders by the folder that they lie in: their names differ, and so do their binaries'
	for _, f := range functions {
		parent := filepath.Dir(f.CodeDir)
		if groups[parent] == nil {
			groups[parent] = map[string]bool{}
		}
		groups[parent][f.CodeDir] = true
	}
	binaries := map[string]string{}
	for i, parent := range slices.Sorted(maps.Keys(groups)) {
		p, err := kept(ctx, parent)
		if err != nil {
			p, err = fresh(dir, fmt.Sprintf("build-%d", i))
		}
		if err != nil {
			return nil, err
		}
		err = buildGroup(ctx, p, dir, slices.Sorted(maps.Keys(groups[parent])), functions, binaries)
		p.release()
		if err != nil {
			return nil, err
		}
	}
	return binaries, nil
}

// buildGroup builds the folders, and gives each function that is in one of them a binary of its own in dir, which stays as it is when
// another run builds. It holds the place until then.
func buildGroup(ctx context.Context, p place, dir string, folders []string, functions []template.Function, binaries map[string]string) error {
	if err := p.forget(folders); err != nil {
		return err
	}
	if err := buildFolders(ctx, p, folders, functions); err != nil {
		return err
	}
	for _, f := range functions {
		if !slices.Contains(folders, f.CodeDir) {
			continue
		}
		root := filepath.Join(dir, f.LogicalID)
		binaries[f.LogicalID] = filepath.Join(root, "bootstrap"+executableSuffix())
		if err := os.Mkdir(root, 0o700); err != nil {
			return fmt.Errorf("build %s: %w", f.LogicalID, err)
		}
		if err := linkOrCopy(binaryIn(p.out, f.CodeDir), binaries[f.LogicalID]); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s (%s) does not build: it is not a main package", f.LogicalID, f.CodeDir)
		} else if err != nil {
			return fmt.Errorf("build %s: %w", f.LogicalID, err)
		}
	}
	return nil
}

// binaryIn is where go build puts the binary of a folder.
func binaryIn(out, folder string) string {
	return filepath.Join(out, filepath.Base(folder)+executableSuffix())
}

// linkOrCopy gives a file a second name. go build puts a new file in the place of an old one, so that a second name keeps what it had.
func linkOrCopy(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, os.ErrNotExist) {
		return err
	}
	content, err := os.ReadFile(from) // another file system, or one without links
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o700) //nolint:gosec // G306: it is a program
}

func buildFolders(ctx context.Context, p place, folders []string, functions []template.Function) error {
	output, err := goBuild(ctx, p, folders)
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
		if output, err := goBuild(ctx, p, []string{folder}); err != nil {
			return notBuilt(folder, functions, output, err)
		}
	}
	return nil
}

// buildFlags are the deployment's (BUILD_ENV in the Makefile). Without the state of version control in them, binaries change with their
// source alone.
func buildFlags() []string {
	return []string{"-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w"}
}

// goBuild runs go build as the deployment does, but for this machine.
func goBuild(ctx context.Context, p place, folders []string) (string, error) {
	arguments := slices.Concat([]string{"build"}, buildFlags(), []string{"-o", p.out + string(filepath.Separator)}, folders)
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = folders[0]
	// Go's own temporary files go where they are removed even if the build is interrupted.
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, "GOTMPDIR="+p.temporary)
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
