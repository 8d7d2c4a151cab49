package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	samlocal "sallyport/tools/local/sam"
)

// startSAM serves every fixture with sam local start-api and returns the URLs by name. The functions are built here: a
// CodeUri with a bootstrap needs no sam build.
func startSAM(t *testing.T) map[string]string {
	t.Helper()
	if err := samlocal.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir() // in which no samconfig.toml names another template
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
		server, err := samlocal.Serve(t.Context(), folder, t.Output(), "--template", api+".yaml", "--warm-containers", "LAZY",
			"--parameter-overrides", "Architecture="+samlocal.Architecture())
		if err != nil {
			t.Error(err)
			return ""
		}
		t.Cleanup(func() {
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		})
		return "http://" + server.Address()
	})
}
