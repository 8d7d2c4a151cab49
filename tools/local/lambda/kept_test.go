//go:build unix

package lambda_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// module is a module of two functions that print a text of a package that they share.
type module struct {
	t    *testing.T
	root string
}

func newModule(t *testing.T) module {
	t.Helper()
	m := module{t, t.TempDir()}
	m.write("go.mod", "module example\n\ngo 1.26\n")
	m.write("text/text.go", "package text\n\nconst Text = \"first\"\n")
	for _, name := range []string{"one", "two"} {
		m.write("functions/"+name+"/main.go", "package main\n\nimport (\n\t\"os\"\n\n\t\"example/text\"\n)\n\nfunc main() { os.Stdout.WriteString(\""+name+" \" + text.Text) }\n")
	}
	return m
}

func (m module) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		m.t.Fatal(err)
	}
}

func (m module) functions() []template.Function {
	return []template.Function{
		{LogicalID: "One", CodeDir: filepath.Join(m.root, "functions", "one")}, {LogicalID: "Two", CodeDir: filepath.Join(m.root, "functions", "two")},
	}
}

// build builds in a folder of its own, as each run does.
func (m module) build() map[string]string {
	m.t.Helper()
	binaries, err := lambda.Build(m.t.Context(), m.t.TempDir(), m.functions())
	if err != nil {
		m.t.Fatal(err)
	}
	return binaries
}

func (m module) prints(binary string) string {
	m.t.Helper()
	out, err := exec.CommandContext(m.t.Context(), binary).Output()
	if err != nil {
		m.t.Fatal(err)
	}
	return string(out)
}

func same(t *testing.T, a, b string) bool {
	t.Helper()
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if err := errors.Join(errX, errY); err != nil {
		t.Fatal(err)
	}
	return os.SameFile(x, y)
}

func TestAFunctionIsLinkedAgainWhenItsSourceHasChangedAndOnlyThen(t *testing.T) {
	m := newModule(t)
	first := m.build()
	second := m.build()
	for id := range first {
		if !same(t, first[id], second[id]) {
			t.Errorf("%s is unchanged, and linked again", id)
		}
	}
	m.write("functions/one/main.go", "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(\"changed\") }\n")
	third := m.build()
	if got := m.prints(third["One"]); got != "changed" {
		t.Errorf("after a change of the function: %q", got)
	}
	if !same(t, third["Two"], second["Two"]) {
		t.Error("the other function is linked again")
	}
	m.write("text/text.go", "package text\n\nconst Text = \"second\"\n")
	if got := m.prints(m.build()["Two"]); got != "two second" {
		t.Errorf("after a change of what it imports: %q", got)
	}
	// An earlier run goes on with what it was started with.
	if one, two := m.prints(first["One"]), m.prints(third["Two"]); one != "one first" || two != "two first" {
		t.Errorf("earlier runs have %q and %q now", one, two)
	}
	m.write("text/text.go", "package text\n\nconst Text = \"first\"\n")
	if got := m.prints(m.build()["Two"]); got != "two first" {
		t.Errorf("after the change was taken back: %q", got)
	}
}

func TestWhatIsNoProgramAnyMoreIsNotRunFromBefore(t *testing.T) {
	m := newModule(t)
	m.build()
	m.write("functions/two/main.go", "package two\n")
	if _, err := lambda.Build(t.Context(), t.TempDir(), m.functions()); err == nil || !strings.Contains(err.Error(), "Two (") || !strings.Contains(err.Error(), "it is not a main package") {
		t.Error(err)
	}
	m.write("functions/two/main.go", "package main\n\nfunc main() {\n")
	if _, err := lambda.Build(t.Context(), t.TempDir(), m.functions()); err == nil || !strings.Contains(err.Error(), "Two (") {
		t.Error(err)
	}
}

func TestWithoutAFolderToKeepBinariesInTheyAreBuiltAnew(t *testing.T) {
	m := newModule(t)
	m.write(".local", "a file")
	first, second := m.build(), m.build()
	if got := m.prints(second["One"]); got != "one first" || same(t, first["One"], second["One"]) {
		t.Errorf("%q", got)
	}
	m = newModule(t)
	if err := os.Remove(filepath.Join(m.root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	if _, err := lambda.Build(t.Context(), t.TempDir(), m.functions()); err == nil || !strings.Contains(err.Error(), "does not build") {
		t.Errorf("without a module: %v", err)
	}
}

func TestWhatAKilledBuildHasLeftIsRemoved(t *testing.T) {
	m := newModule(t)
	m.build()
	places, err := filepath.Glob(filepath.Join(m.root, ".local", "build", "*"))
	if err != nil || len(places) != 1 {
		t.Fatalf("%v %v", places, err)
	}
	left := filepath.Join(places[0], "tmp", "go-build123", "b001")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	// Killed in the midst of it: the next one begins where it was.
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	m.write("text/text.go", "package text\n\nconst Text = \"second\"\n")
	if _, err := lambda.Build(ctx, t.TempDir(), m.functions()); err == nil {
		t.Log("it was done in 30 ms")
	}
	if got := m.prints(m.build()["One"]); got != "one second" {
		t.Errorf("%q", got)
	}
	if entries, err := os.ReadDir(filepath.Join(places[0], "tmp")); err != nil || len(entries) != 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestRunsThatBuildAtOnceWaitForOneAnother(t *testing.T) {
	m := newModule(t)
	var wg sync.WaitGroup
	for range 4 {
		dir := t.TempDir()
		wg.Go(func() {
			if _, err := lambda.Build(t.Context(), dir, m.functions()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	locks, err := filepath.Glob(filepath.Join(m.root, ".local", "build", "*", "lock"))
	if err != nil || len(locks) != 1 {
		t.Fatalf("%v %v", locks, err)
	}
	lock, err := os.Open(locks[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := lambda.Build(ctx, t.TempDir(), m.functions()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another builds: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if got := m.prints(m.build()["Two"]); got != "two first" {
		t.Errorf("%q", got)
	}
}
