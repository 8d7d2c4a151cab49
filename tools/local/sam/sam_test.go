package sam

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const built = `Resources:
  PlainFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: PlainFunction
  OtherFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: OtherFunction
      Architectures: [!Ref Architecture]
      Environment:
        Variables:
          TABLE: !Ref Table
          KEPT: !GetAtt Table.Arn
  Table:
    Type: AWS::DynamoDB::Table
`

func TestFunctionsAreToldOfTheBackendsAndNothingElseIsChanged(t *testing.T) {
	text, err := declare([]byte(built), map[string]map[string]string{
		"PlainFunction": {"ENDPOINT": "http://x: #1"}, "OtherFunction": {"ENDPOINT": "http://y", "TABLE": "the-table"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Resources map[string]struct {
			Type       string
			Properties struct {
				CodeURI       string   `yaml:"CodeUri"`
				Architectures []string `yaml:"Architectures"`
				Environment   struct {
					Variables map[string]yaml.Node `yaml:"Variables"`
				} `yaml:"Environment"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	plain, other := got.Resources["PlainFunction"].Properties, got.Resources["OtherFunction"].Properties
	if plain.CodeURI != "PlainFunction" || plain.Environment.Variables["ENDPOINT"].Value != "http://x: #1" || strings.Join(plain.Architectures, ",") != Architecture() {
		t.Errorf("%+v", plain)
	}
	variables := other.Environment.Variables
	if variables["ENDPOINT"].Value != "http://y" || variables["TABLE"].Value != "the-table" || variables["TABLE"].Tag != "!!str" || variables["KEPT"].Tag != "!GetAtt" ||
		strings.Join(other.Architectures, ",") != Architecture() {
		t.Errorf("%+v", other)
	}
	if len(got.Resources) != 3 {
		t.Errorf("%d resources", len(got.Resources))
	}
}

func TestATemplateOfAnotherStateOfThingsIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "is empty",
		"Resources: {":       "read the template",
		built:                "has no function NewFunction",
		"Resources: {A: {}}": "has no function NewFunction",
	} {
		if _, err := declare([]byte(text), map[string]map[string]string{"NewFunction": {"A": "b"}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %s", text, err, want)
		}
	}
}

func TestWhatIsMissingIsSaidInOneLineWithWhatToInstall(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	says := func(want string) {
		t.Helper()
		_, err := Start(t.Context(), Options{BuildDir: t.TempDir(), Output: io.Discard})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want one line with %q", err, want)
		}
	}
	program := func(name, script string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	says("sam is missing: install the AWS SAM CLI (pip install aws-sam-cli)")
	if runtime.GOOS == "windows" {
		return // what follows are shell scripts
	}
	program("sam", "exit 0")
	says("docker is missing: install Docker")
	program("docker", "echo 'Cannot connect to the Docker daemon.' >&2; exit 1")
	says("no Docker engine answers: start Docker and try again (Cannot connect to the Docker daemon.)")
	program("docker", "echo 28")
	says("build it first (make build-local)")
}

func TestSamLocalThatEndsIsNotWaitedForAndLeavesNothing(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // these are shell scripts
	}
	bin, folder := t.TempDir(), t.TempDir()
	for name, script := range map[string]string{"sam": "echo 'Error: no container can be made' >&2; exit 1", "docker": "echo 28"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	if err := os.WriteFile(filepath.Join(folder, "template.yaml"), []byte(built), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{BuildDir: folder, Variables: map[string]map[string]string{"PlainFunction": {"A": "b"}}, Output: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "sam local ended before it answered: Error: no container can be made") {
		t.Error(err)
	}
	for _, name := range []string{templateFile, environmentFile} {
		if _, err := os.Stat(filepath.Join(folder, name)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAGivenFolderIsServedAsTheGivenArgumentsHaveIt(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // these are shell scripts
	}
	bin, folder, output := t.TempDir(), filepath.Join(t.TempDir(), "fixture"), new(bytes.Buffer)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{"sam": `echo "in ${PWD##*/}: $*"`, "docker": "exit 1"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	if _, err := Serve(t.Context(), folder, output, "--template", "plain.yaml"); err == nil {
		t.Error("a program that ended serves")
	}
	said := output.String()
	if !strings.HasPrefix(said, "in fixture: local start-api --host 127.0.0.1 --port ") || !strings.HasSuffix(said, " --template plain.yaml\n") {
		t.Error(said)
	}
}
