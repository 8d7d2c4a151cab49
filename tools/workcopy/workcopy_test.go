package workcopy_test

import (
	"os"
	"path/filepath"
	"testing"

	"sallyport/tools/workcopy"
)

func TestACopyHasTheSourceAndTheBuiltFunctionsAndNothingHidden(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"go.mod", "a/b.go", ".git", ".aws-sam/build/x", ".local/state.json", ".local/build/k/lock", ".local/build/k/out/login", ".local/build/k/tmp/x"} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := workcopy.New(t, root)
	for name, want := range map[string]bool{
		"go.mod": true, "a/b.go": true, ".local/build/k/out/login": true,
		".git": false, ".aws-sam": false, ".local/state.json": false, ".local/build/k/lock": false, ".local/build/k/tmp": false,
	} {
		if _, err := os.Stat(filepath.Join(c.Root, filepath.FromSlash(name))); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := c.Read(t, ".local/build/k/out/login"); got != ".local/build/k/out/login" {
		t.Errorf("%q", got)
	}
}
