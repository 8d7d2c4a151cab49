package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"gopkg.in/yaml.v3"
)

// apis reads how the APIs of a template are reached, by logical id.
func apis(t *testing.T, file string) map[string][2]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var source struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &source); err != nil {
		t.Fatal(err)
	}
	found := map[string][2]string{}
	for id, resource := range source.Resources {
		if resource.Type != "AWS::Serverless::Api" {
			continue
		}
		var api struct {
			SecurityPolicy     string `yaml:"SecurityPolicy"`
			EndpointAccessMode string `yaml:"EndpointAccessMode"`
		}
		if err := resource.Properties.Decode(&api); err != nil {
			t.Fatal(err)
		}
		found[id] = [2]string{api.SecurityPolicy, api.EndpointAccessMode}
	}
	return found
}

// A token that is shown to another API is worth as much as here. What the policy means is tested in tools/expanded.
func TestAnExamplesAPIsTakeTokensOverNoOlderTLSThanThisStacks(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("examples", "*", "template.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	own := apis(t, filepath.Join(root, "template.yaml"))["Api"]
	for _, file := range files {
		others := apis(t, file)
		if len(others) == 0 {
			t.Errorf("%s: this test finds no API in it", file)
		}
		for id, got := range others {
			if got != own || got[0] == "" {
				t.Errorf("%s: %s has the security policy and access mode %q, this stack's API %q", file, id, got, own)
			}
		}
	}
}
