// Package workcopy gives a test a copy of the repository that it may edit, and runs the programs and tests in it. What has not
// been edited comes from Go's build cache: with -trimpath a package is the same wherever it lies.
package workcopy

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Copy is a copy of the repository in a temporary folder of its test.
type Copy struct{ Root string }

// New copies the repository at root, but for hidden folders: version control, and what its programs have made. In a worktree of git's,
// .git is a file, and a copy of it would have git in the copy work on the repository. Of what was made, the local run's binaries are
// shared: a function that has not been edited is the same in the copy, and go build finds out by itself.
func New(t testing.TB, root string) Copy {
	t.Helper()
	c, tree := Copy{Root: t.TempDir()}, os.DirFS(root)
	to, err := os.OpenRoot(c.Root)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close() //nolint:errcheck // nothing is held back in it
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil, name == ".":
			return err
		case strings.HasPrefix(entry.Name(), ".") && entry.IsDir():
			return fs.SkipDir
		case entry.Name() == ".git":
			return nil
		case entry.IsDir():
			return to.Mkdir(filepath.FromSlash(name), 0o700)
		case !entry.Type().IsRegular():
			return nil
		}
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return to.WriteFile(filepath.FromSlash(name), content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	c.share(t, root)
	return c
}

// share gives the binaries that the local run keeps below .local a second name in the copy, where that can be done. go build puts a new
// file in the place of an old one, so that neither side sees what the other builds.
func (c Copy) share(t testing.TB, root string) {
	t.Helper()
	binaries, err := filepath.Glob(filepath.Join(root, ".local", "build", "*", "out", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, binary := range binaries {
		name, err := filepath.Rel(root, binary)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(c.path(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(binary, c.path(name)); err != nil {
			t.Logf("%s is built anew: %v", name, err)
		}
	}
}

func (c Copy) path(name string) string { return filepath.Join(c.Root, filepath.FromSlash(name)) }

// Read returns a file of the copy, by its path in the repository.
func (c Copy) Read(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(c.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// Write makes or replaces a file of the copy, with the folders that it needs.
func (c Copy) Write(t testing.TB, name, content string) {
	t.Helper()
	path := c.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Replace puts text in the place of the one occurrence of old.
func (c Copy) Replace(t testing.TB, name, old, text string) {
	t.Helper()
	content := c.Read(t, name)
	if n := strings.Count(content, old); n != 1 {
		t.Fatalf("%s has %d times, want once:\n%s", name, n, old)
	}
	c.Write(t, name, strings.Replace(content, old, text, 1))
}

// Go runs the go command in the copy and returns what it prints.
func (c Copy) Go(ctx context.Context, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = c.Root
	command.Env = append(os.Environ(), "GOFLAGS=-trimpath")
	output, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go %s: %w", strings.Join(arguments, " "), err)
	}
	return string(output), err
}

// Test runs one test of a package, such as "./shared/policy", and reports whether it passes.
func (c Copy) Test(t testing.TB, folder, name string) (output string, passed bool) {
	t.Helper()
	output, err := c.Go(t.Context(), "test", "-count=1", "-vet=off", "-run=^"+name+"$", folder)
	if strings.Contains(output, "no tests to run") {
		t.Fatalf("%s has no %s", folder, name)
	}
	return output, err == nil
}
