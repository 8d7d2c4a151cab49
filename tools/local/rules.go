package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"sallyport/tools/local/template"
)

// apiVariable is the stage variable in which an API says what the policy calls it.
const apiVariable = "SallyportApi"

// checkRules holds the routes against the policy's rules, which the program tools/routes of the template's own repository prints.
// Where there is no such program there is nothing to compare.
func (s *system) checkRules(ctx context.Context) error {
	repository := filepath.Dir(s.options.template)
	if _, err := os.Stat(filepath.Join(repository, "tools", "routes")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	listed, err := s.listRules(ctx, repository)
	if err != nil {
		return err
	}
	own := s.stack.API.StageVariables[apiVariable]
	if err := checkAPI(s.options.template, s.stack.API, listed, ""); err != nil || s.options.attach == "" {
		return err
	}
	return checkAPI(s.options.attach, s.attached.API, listed, own)
}

// checkAPI compares one API with the rules for the name that it gives itself, which taken must not be.
func checkAPI(file string, api template.API, rules map[string][]template.Rule, taken string) error {
	name := api.StageVariables[apiVariable]
	if name == "" || name == taken {
		return fmt.Errorf("%s:%d: %s: it does not say what the policy calls it; give it the stage variable %s with a name of its own",
			file, api.Line, api.LogicalID, apiVariable)
	}
	return api.CheckRules(file, rules[name])
}

// listRules runs tools/routes and returns the rules by API.
func (s *system) listRules(ctx context.Context, repository string) (map[string][]template.Rule, error) {
	command := exec.CommandContext(ctx, "go", "run", "./tools/routes")
	command.Dir = repository
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, "GOTMPDIR="+s.directory)
	var stderr strings.Builder
	command.Stderr = &stderr
	output, err := command.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("the go command is not in PATH: install Go (https://go.dev/dl) and try again")
	case err != nil:
		return nil, fmt.Errorf("tools/routes, which lists the policy's rules, does not run: %s", firstLine(stderr.String(), err))
	}
	rules := map[string][]template.Rule{}
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			return nil, fmt.Errorf("tools/routes printed %q: want the API, the method, the resource and the roles", line)
		}
		rules[fields[0]] = append(rules[fields[0]], template.Rule{Method: fields[1], Resource: fields[2]})
	}
	return rules, nil
}

// firstLine is the first thing that the go command has to say.
func firstLine(output string, err error) string {
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "go: downloading") {
			return line
		}
	}
	return err.Error()
}
