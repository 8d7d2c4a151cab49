package endtoend_test

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// shell is one bash, in which blocks of docs/operations.md are run one after the other as an operator would, so that names set in one are
// there in the next.
type shell struct {
	t     *testing.T
	page  *operationsPage
	in    io.Writer
	out   *bufio.Reader
	dir   string // for scripts
	mark  string
	count int
}

// newShell starts a bash in the folder, with the first block of the page run: the names. Nothing of this machine's own AWS configuration
// is in its environment.
func newShell(t *testing.T, folder string, environment map[string]string) *shell {
	t.Helper()
	command := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-o", "errtrace")
	command.Dir = folder
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") {
			command.Env = append(command.Env, variable)
		}
	}
	nowhere := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "",
	} {
		command.Env = append(command.Env, name+"="+value)
	}
	for name, value := range environment {
		command.Env = append(command.Env, name+"="+value)
	}
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatalf("install bash: %v", err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait() // its own last status means nothing: each block's has been looked at
	})
	s := &shell{t: t, page: operations(t), in: in, out: bufio.NewReader(out), dir: t.TempDir(), mark: rand.Text()}
	s.script("exec 2>&1; trap 'failed=$BASH_COMMAND' ERR\n")
	s.run("Operations 1")
	return s
}

// set gives a name a value, as the page tells its reader to.
func (s *shell) set(name, value string) {
	s.t.Helper()
	s.script(fmt.Sprintf("%s='%s'\n", name, value))
}

// run runs a block of the page as it stands, of which no command may fail, and returns what it printed.
func (s *shell) run(block string) string {
	s.t.Helper()
	printed, failed := s.script(s.page.take(s.t, block))
	if failed != "" {
		s.t.Fatalf("docs/operations.md, %s: this fails: %s\n%s", block, failed, printed)
	}
	return printed
}

// script runs lines in the shell, and returns what they printed and the last command that failed.
func (s *shell) script(lines string) (printed, failed string) {
	s.t.Helper()
	s.count++
	file := filepath.Join(s.dir, fmt.Sprintf("%d.sh", s.count))
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		s.t.Fatal(err)
	}
	fmt.Fprintf(s.in, "failed=; . '%s' </dev/null; printf '\\n%s %%s\\n' \"$failed\"\n", file, s.mark)
	var text strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			s.t.Fatalf("the shell has ended: %v\n%s", err, text.String())
		}
		if last, ok := strings.CutPrefix(line, s.mark+" "); ok {
			return strings.TrimSuffix(text.String(), "\n"), strings.TrimSpace(last)
		}
		text.WriteString(line)
	}
}

// wantsPrinted checks that a block has printed a text.
func wantsPrinted(t *testing.T, printed, want string) {
	t.Helper()
	if !strings.Contains(printed, want) {
		t.Errorf("it does not print %q:\n%s", want, printed)
	}
}

// requirement is a program that blocks of the page call, and how it is installed.
type requirement struct{ name, install string }

func awsCLI() requirement { return requirement{"aws", "pip install awscli"} }
func samCLI() requirement { return requirement{"sam", "pip install aws-sam-cli"} }

// installed reports whether the program is there. In CI it must be.
func installed(t *testing.T, p requirement) bool {
	t.Helper()
	err := exec.CommandContext(t.Context(), p.name, "--version").Run()
	if err == nil {
		return true
	}
	if os.Getenv("CI") != "" {
		t.Errorf("%s is missing (%v): %s, as .ci/run does", p.name, err, p.install)
	} else {
		t.Logf("%s is missing: the blocks of docs/operations.md that need it are not run (%s)", p.name, p.install)
	}
	return false
}
