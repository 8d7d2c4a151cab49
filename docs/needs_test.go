package docs_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// everywhere is what the commands may count on without saying so.
var everywhere = []string{"bash", "sh", "env", "make", "uname", "dirname", "mktemp", "mkdir", "rm", "tail", "touch", "sed", "expand"}

// pathWith makes a folder, to be all of PATH, with links to the programs that are everywhere and, for those named, programs that do
// nothing. "NAME fails" is one that fails, such as a client without its server.
func pathWith(t *testing.T, named []string) string {
	t.Helper()
	folder := t.TempDir()
	for _, program := range everywhere {
		at, err := exec.LookPath(program)
		if err == nil {
			err = os.Symlink(at, filepath.Join(folder, program))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, program := range named {
		program, fails := strings.CutSuffix(program, " fails")
		script := "#!/bin/sh\n"
		if fails {
			script += "exit 1\n"
		}
		if err := os.WriteFile(filepath.Join(folder, program), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestACommandThatMissesSomethingSaysInOneLineWhatToInstall(t *testing.T) {
	servers := []string{".ci/servers", "true"}
	for _, test := range []struct {
		name    string
		command []string
		has     []string
		ci      bool
		says    string
	}{
		{"servers without Java", servers, []string{"python3", "mvn"}, false, ".ci/servers: Java is missing, which DynamoDB Local needs: install version 17 or later (Debian: default-jre-headless)"},
		{"servers without Maven", servers, []string{"python3", "java"}, false, ".ci/servers: Maven is missing, which fetches DynamoDB Local: install it (Debian: maven)"},
		{"servers without Python", servers, []string{"java", "mvn"}, false, ".ci/servers: Python 3 with venv is missing, which moto needs: install it (Debian: python3 python3-venv)"},
		{"servers without Python's venv", servers, []string{"java", "mvn", "python3 fails"}, false, ".ci/servers: Python 3 with venv is missing, which moto needs: install it (Debian: python3 python3-venv)"},
		{"test-backends without servers", []string{"make", "test-backends"}, []string{"go"}, false, "DYNAMODB_LOCAL_URL or KMS_MOTO_URL is not set: run '.ci/servers make test-backends', " +
			"which starts both servers (with Java, Maven and Python 3), or set both to URLs of your own"},
		{"sam-local without Docker", []string{"make", "sam-local"}, []string{"go", "sam"}, false, "docker is missing: install Docker (https://docs.docker.com/get-docker)"},
		{"sam-local without an engine", []string{"make", "sam-local"}, []string{"go", "sam", "docker fails"}, false, "no Docker engine answers: start Docker and try again"},
		{"sam-local without SAM", []string{"make", "sam-local"}, []string{"go", "docker"}, false, "sam is missing: pip install aws-sam-cli"},
		{"build without SAM", []string{"make", "build"}, []string{"go"}, false, "sam is missing: pip install aws-sam-cli"},
		{"deploy without SAM", []string{"make", "deploy"}, []string{"go"}, false, "sam is missing: pip install aws-sam-cli"},
		{"lint in CI without cfn-lint", []string{"make", "lint-template"}, []string{"sam", "checkov"}, true, "cfn-lint is missing: pip install cfn-lint"},
		{"lint in CI without SAM", []string{"make", "lint-template"}, []string{"cfn-lint", "checkov"}, true, "sam is missing: pip install aws-sam-cli"},
		{"lint in CI without checkov", []string{"make", "lint-template"}, []string{"sam", "cfn-lint"}, true, "checkov is missing: pip install checkov"},
		{"CI without Go", []string{".ci/run"}, nil, false, ".ci/run: Go is missing: install the version that go.mod names, or a later one"},
		{"CI where nothing can be installed", []string{".ci/run"}, []string{"go", "gcc", "java", "python3"}, false, ".ci/run: missing, and only root on Debian can install them: maven oathtool"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			said, err := complain(t, pathWith(t, test.has), test.ci, test.command)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() <= 0 {
				t.Errorf("want an exit status that is not 0, got %v", err)
			}
			if !slices.Equal(said, []string{test.says}) {
				t.Errorf("want one line:\n%s\ngot:\n%s", test.says, strings.Join(said, "\n"))
			}
		})
	}
}

var aside = regexp.MustCompile(`^(make(\[\d+\])?: \*{3}|\+ )`)

// complain runs a command of the repository where PATH is one folder and nothing has been installed, in CI or elsewhere, and returns
// the lines of its standard error but for make's own and the commands that the shell shows as it runs them.
func complain(t *testing.T, path string, ci bool, command []string) ([]string, error) {
	t.Helper()
	limited, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	program := filepath.Join(path, command[0])
	if strings.Contains(command[0], "/") {
		program = "./" + command[0]
	}
	run := exec.CommandContext(limited, program, command[1:]...)
	home := t.TempDir()
	run.Dir, run.Env = root, []string{"PATH=" + path, "HOME=" + home, "XDG_CACHE_HOME=" + home, "TMPDIR=" + home}
	if ci {
		run.Env = append(run.Env, "CI=true")
	}
	var stderr strings.Builder
	run.Stderr = &stderr
	err := run.Run()
	var said []string
	for line := range strings.Lines(stderr.String()) {
		if !aside.MatchString(line) {
			said = append(said, strings.TrimSpace(line))
		}
	}
	return said, err
}
