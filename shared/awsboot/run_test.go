package awsboot

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestMain lets the test binary play a function whose init fails: Run ends the process.
func TestMain(m *testing.M) {
	if os.Getenv("AWSBOOT_TEST_FUNCTION") != "" {
		Run(func(settings *Settings, log *slog.Logger) error {
			log.Info("starting")
			settings.Text("TOKENS_TABLE")
			return settings.Err()
		})
		return
	}
	os.Exit(m.Run())
}

func function(t *testing.T, variables ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append([]string{
		"AWSBOOT_TEST_FUNCTION=1", "STACK=auth",
		"GOCOVERDIR=" + t.TempDir(), // else a binary that measures coverage complains on standard error
	}, variables...)
	return command
}

func TestAFailingInitSaysWhyInOneLineAndEndsTheProcess(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	command := function(t)
	command.Stderr = &stderr
	err := command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Errorf("the process ended with: %v", err)
	}
	if lines := bytes.Count(stderr.Bytes(), []byte("\n")); lines != 1 {
		t.Errorf("%d lines: %s", lines, stderr.Bytes())
	}
	var line struct{ Timestamp, Level, Msg, Error string }
	if err := json.Unmarshal(stderr.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line.Level != "ERROR" || line.Msg != "init failed" || line.Error != "environment variables: TOKENS_TABLE is not set" {
		t.Errorf("%+v", line)
	}
}

func TestAnInitThatSucceedsLogsToStandardOutput(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level string
		empty bool
	}{{"", false}, {"INFO", false}, {"WARN", true}} {
		output, err := function(t, "TOKENS_TABLE=tokens", "LOG_LEVEL="+c.level).Output()
		if err != nil || (len(output) == 0) != c.empty {
			t.Errorf("LOG_LEVEL %q: %s, %v", c.level, output, err)
		}
	}
}

func TestALogLineIsAJSONObjectThatLambdaCanFilter(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := Logger(&out, fromMap(map[string]string{"STACK": "auth"}))
	log.Debug("not at this level")
	log.Info("line\nbreak", "time", "mine")
	var line map[string]string
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.RFC3339Nano, line["timestamp"]); err != nil || line["level"] != "INFO" ||
		line["msg"] != "line\nbreak" || line["time"] != "mine" || line["stack"] != "auth" {
		t.Errorf("%v", line)
	}
}
