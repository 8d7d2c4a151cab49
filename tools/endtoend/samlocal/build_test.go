package samlocal_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is deployed can be checked against the source by whoever has the same commit: neither the folder's name, nor the repository's
// state, nor the time is in the binaries.
func TestTheSameSourceGivesTheSameBytes(t *testing.T) {
	if !wanted(t) {
		return
	}
	root := repository(t)
	copied := filepath.Join(t.TempDir(), "another", "place")
	for file := range strings.Lines(do(t, root, "git", "ls-files", "--cached", "--others", "--exclude-standard")) {
		copyFile(t, filepath.Join(root, strings.TrimSpace(file)), filepath.Join(copied, strings.TrimSpace(file)))
	}
	do(t, root, "make", "build")
	do(t, copied, "make", "build")
	here, there := built(t, root), built(t, copied)
	if len(here) < 10 || len(here) != len(there) {
		t.Fatalf("%d functions were built here and %d there", len(here), len(there))
	}
	for function, sum := range here {
		if there[function] != sum {
			t.Errorf("%s differs from place to place", function)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if os.IsNotExist(err) {
		return // removed, and not yet committed
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o700)
	}
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// built returns the digests of the functions' binaries, by function.
func built(t *testing.T, root string) map[string][sha256.Size]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".aws-sam", "build", "*", "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string][sha256.Size]byte{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sums[filepath.Base(filepath.Dir(file))] = sha256.Sum256(content)
	}
	return sums
}
