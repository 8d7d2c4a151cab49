// Package expanded_test looks at template.yaml as CloudFormation gets it: expanded by SAM's own transform, and its conditions
// and references resolved for given parameters.
package expanded_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const root = "../.."

// template is an expanded template, nothing of it resolved.
type template struct {
	Parameters map[string]struct{ Default any }
	Rules      map[string]struct {
		RuleCondition any
		Assertions    []struct {
			Assert            any
			AssertDescription string
		}
	}
	Conditions map[string]any
	Resources  map[string]resource
	Outputs    map[string]struct {
		Condition string
		Value     any
	}
}

type resource struct {
	Type, Condition, DeletionPolicy, UpdateReplacePolicy string
	Properties                                           map[string]any
	UpdatePolicy                                         map[string]any
}

// python is the interpreter of the SAM CLI, which has the transform: SAM_PYTHON, or the one that the command sam runs in.
func python() (string, error) {
	if path := os.Getenv("SAM_PYTHON"); path != "" {
		return path, nil
	}
	path, err := exec.LookPath("sam")
	if err != nil {
		return "", errors.New("SAM_PYTHON is not set and there is no sam: pip install aws-sam-cli")
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(string(program), "\n")
	if interpreter, ok := strings.CutPrefix(first, "#!"); ok && strings.Contains(interpreter, "python") {
		return strings.TrimSpace(interpreter), nil
	}
	return "", fmt.Errorf("%s is not a Python program; set SAM_PYTHON to an interpreter with the package aws-sam-cli", path)
}

// transforms keeps what the transform gave for each set of parameters: it takes a second.
var transforms sync.Map

// transform expands template.yaml with parameters given as NAME=VALUE.
func transform(interpreter string, parameters ...string) (template, error) {
	once, _ := transforms.LoadOrStore(strings.Join(parameters, "\n"), sync.OnceValues(func() (template, error) {
		var t template
		command := exec.CommandContext(context.Background(), interpreter, append([]string{"expand.py", filepath.Join(root, "template.yaml")}, parameters...)...)
		out, err := command.Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return t, fmt.Errorf("%w: %s", err, exit.Stderr)
		} else if err != nil {
			return t, err
		}
		return t, json.Unmarshal(out, &t)
	}))
	return once.(func() (template, error))()
}

// expand gives the template for parameters, as the stack "auth" of this test. Without the SAM CLI there is none; then a test has
// nothing to look at, which in CI is an error.
func expand(t *testing.T, parameters ...string) (*stack, bool) {
	t.Helper()
	return expandAs(t, "auth", parameters...)
}

func expandAs(t *testing.T, name string, parameters ...string) (*stack, bool) {
	t.Helper()
	interpreter, err := python()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("in CI the SAM CLI must be there, as .ci/run installs it: %v", err)
		}
		t.Logf("not looked at: %v", err)
		return nil, false
	}
	expanded, err := transform(interpreter, parameters...)
	if err != nil {
		t.Fatal(err)
	}
	return newStack(t, name, expanded, parameters), true
}
