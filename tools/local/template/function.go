package template

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Limits and defaults of a function. AWS Lambda Developer Guide, "Lambda quotas" and "Configuring AWS Lambda
// functions".
const (
	defaultTimeoutSeconds, maxTimeoutSeconds = 3, 900
	defaultMemoryMiB, minMemoryMiB           = 128, 128
	maxMemoryMiB                             = 10240
	maxEnvironmentBytes                      = 4 << 10
)

// function reads an AWS::Serverless::Function.
func (d *document) function(r *resource, folder string) (Function, error) {
	f := Function{LogicalID: r.id, Line: r.line, Timeout: defaultTimeoutSeconds * time.Second, MemoryMiB: defaultMemoryMiB}
	m, err := d.withGlobals(r, "Function", "CodeUri", "Timeout", "MemorySize", "Environment", "InlineCode", "ImageUri", "PackageType", "Layers")
	if err != nil {
		return f, err
	}
	for _, key := range []string{"InlineCode", "ImageUri", "PackageType", "Layers"} {
		if n := m.get(key); n != nil && n.Value != "Zip" {
			return f, d.fault(n, r.id, key+" is not known to the local run", "give the function a CodeUri folder with its source")
		}
	}
	if f.CodeDir, err = d.codeDir(r, m.get("CodeUri"), folder); err != nil {
		return f, err
	}
	if n := m.get("Timeout"); n != nil {
		seconds, err := d.number(r.id, "Timeout", n, 1, maxTimeoutSeconds)
		if err != nil {
			return f, err
		}
		f.Timeout = time.Duration(seconds) * time.Second
	}
	if n := m.get("MemorySize"); n != nil {
		if f.MemoryMiB, err = d.number(r.id, "MemorySize", n, minMemoryMiB, maxMemoryMiB); err != nil {
			return f, err
		}
	}
	if f.Environment, err = d.environment(r, m.get("Environment")); err != nil {
		return f, err
	}
	f.Statements, err = d.statements(r)
	return f, err
}

// codeDir finds the folder that CodeUri names.
func (d *document) codeDir(r *resource, n *yaml.Node, folder string) (string, error) {
	if n == nil {
		return "", d.fault(&yaml.Node{Line: r.line}, r.id, "CodeUri is missing", "name the folder with the function's source")
	}
	if n.Kind != yaml.ScalarNode || strings.HasPrefix(n.Value, "s3://") {
		return "", d.fault(n, r.id, "CodeUri is not a local folder", "name the folder with the function's source")
	}
	dir := filepath.Join(folder, filepath.FromSlash(n.Value))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", d.fault(n, r.id, fmt.Sprintf("CodeUri %q is not a folder", n.Value), "create it, or correct the path (relative to the template)")
	}
	return dir, nil
}

// environment reads Environment.Variables. Lambda Developer Guide, "Working with Lambda environment variables".
func (d *document) environment(r *resource, n *yaml.Node) (map[string]string, error) {
	m, err := d.mapping(r.id, "Environment", n)
	if err != nil {
		return nil, err
	}
	if err := d.only(r.id, "Environment", m, "Variables"); err != nil {
		return nil, err
	}
	variables, err := d.dictionary(r.id, "Environment.Variables", m.get("Variables"))
	if err != nil {
		return nil, err
	}
	valid := regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]+$`)
	size := 0
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if !valid.MatchString(name) || reserved(name) {
			return nil, d.fault(m.get("Variables"), r.id, fmt.Sprintf("the environment variable %q is not one that a function may set", name),
				"use two or more letters, digits and underscores, a letter first, and none of Lambda's own names")
		}
		size += len(name) + len(variables[name])
	}
	if size > maxEnvironmentBytes {
		return nil, d.fault(m.get("Variables"), r.id, fmt.Sprintf("the environment has %d bytes", size), fmt.Sprintf("keep it to Lambda's %d", maxEnvironmentBytes))
	}
	return variables, nil
}

// reserved names are set by Lambda itself; deploying a function that sets one fails.
// Lambda Developer Guide, "Defined runtime environment variables".
func reserved(name string) bool {
	switch name {
	case "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR":
		return true
	}
	return strings.HasPrefix(name, "AWS_LAMBDA_")
}
