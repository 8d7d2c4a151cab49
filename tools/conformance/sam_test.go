package conformance_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// samImage is the public image in which SAM runs the fixtures' functions. It is not pulled if it is there.
const samImage = "public.ecr.aws/lambda/provided:al2023-"

// samStart is how long sam local may take until it listens.
const samStart = time.Minute

// startSAM serves every fixture with sam local start-api and returns the URLs by name. The functions are built here: a
// CodeUri with a bootstrap needs no sam build.
func startSAM(t *testing.T) map[string]string {
	t.Helper()
	program, err := exec.LookPath("sam")
	if err != nil {
		t.Fatal("sam is not in PATH: install the AWS SAM CLI (pip install aws-sam-cli) and a Docker engine, and set DOCKER_HOST if it does not listen where Docker does")
	}
	folder := t.TempDir()
	for _, function := range []string{"authorizer", "handler"} {
		build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "lambda.norpc", "-o", filepath.Join(folder, function, "bootstrap"), "./testdata/"+function)
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", function, err, output)
		}
	}
	return startEach(t, func(t *testing.T, api string) string {
		template, err := os.ReadFile(filepath.Join("testdata", api+".yaml"))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, api+".yaml"), template, 0o600)
		}
		if err != nil {
			t.Error(err)
			return ""
		}
		url, err := startOneSAM(t, program, folder, api)
		if err != nil {
			t.Error(err)
		}
		return url
	})
}

// startOneSAM serves one fixture until the test ends.
func startOneSAM(t *testing.T, program, folder, api string) (string, error) {
	t.Helper()
	port, err := freePort()
	if err != nil {
		return "", err
	}
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	arguments := []string{"local", "start-api", "--template", api + ".yaml", "--host", "127.0.0.1", "--port", port, "--warm-containers", "LAZY",
		"--parameter-overrides", "Architecture=" + architecture}
	if exec.CommandContext(t.Context(), "docker", "image", "inspect", samImage+architecture).Run() == nil {
		arguments = append(arguments, "--skip-pull-image")
	}
	output := &lockedBuffer{}
	command := exec.Command(program, arguments...)
	command.Dir, command.Stdout, command.Stderr = folder, output, output
	// sam local asks AWS who is calling before anything else. The functions call nothing, so it is told no one, at once.
	command.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION=us-east-1", "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1", "AWS_ENDPOINT_URL_STS=http://127.0.0.1:9")
	if err := command.Start(); err != nil {
		return "", fmt.Errorf("starting sam local: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() { stopSAM(t, command, ended, output) })
	for deadline := time.Now().Add(samStart); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		select {
		case err := <-ended:
			ended <- err
			return "", fmt.Errorf("sam local ended before it listened (is a Docker engine running, and DOCKER_HOST set?): %w\n%s", err, output)
		default:
		}
		if connection, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			return "http://127.0.0.1:" + port, connection.Close()
		}
	}
	return "", fmt.Errorf("sam local does not listen within %v:\n%s", samStart, output)
}

// stopSAM ends sam local as Ctrl-C does, so that it removes its containers.
func stopSAM(t *testing.T, command *exec.Cmd, ended <-chan error, output *lockedBuffer) {
	t.Helper()
	if err := command.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("stopping sam local: %v", err)
	}
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Errorf("sam local does not stop: %v\n%s", command.Process.Kill(), output)
	}
	if t.Failed() {
		t.Logf("sam local printed:\n%s", output)
	}
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
}

// lockedBuffer takes what a program prints while a test reads it.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.TrimSpace(b.text.String())
}
