package samlocal_test

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"sallyport/tools/endtoend"
	"sallyport/tools/local/template"
	"sallyport/tools/workcopy"
)

// buildLocal has SAM build the functions for this machine, once for all tests of this package.
var buildLocal = sync.OnceValues(func() (root string, err error) {
	if root, err = filepath.Abs("../../.."); err == nil {
		_, err = try(context.Background(), root, "make", "build-local")
	}
	return root, err
})

// repository is where the Makefile is, and what SAM has built.
func repository(t *testing.T) string {
	t.Helper()
	root, err := buildLocal()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// What is deployed can be checked against the source by whoever has the same commit and the same Go, with SAM or without: neither the folder's
// name, nor the repository's state, nor the time, nor what SAM does around the compiler is in the binaries. They are built for this machine's
// processor, for which the other tests here need them too: for another one the same commands differ in GOARCH alone.
func TestTheSameSourceGivesTheSameBytes(t *testing.T) {
	if !endtoend.SAMIsWanted(t) {
		return
	}
	one := repository(t)
	other := workcopy.New(t, one).Root // a folder of another name
	do(t, other, "git", "init", "--quiet")
	do(t, other, "make", "reproduce", "OUT=plain", "GOARCH="+runtime.GOARCH)
	stack, err := template.Load(filepath.Join(one, "template.yaml"), template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	here := built(t, filepath.Join(one, ".aws-sam", "local"))
	if len(here) != len(stack.Functions) || len(here) < 10 {
		t.Fatalf("SAM has built %d of %d functions", len(here), len(stack.Functions))
	}
	for _, function := range stack.Functions {
		plain, err := os.ReadFile(filepath.Join(other, "plain", filepath.Base(function.CodeDir)))
		if err != nil {
			t.Fatal(err)
		}
		if here[function.LogicalID] != sha256.Sum256(plain) {
			t.Errorf("%s differs from place to place, or SAM builds it in another way", function.LogicalID)
		}
	}
}

// built returns the digests of the functions' binaries, by function.
func built(t *testing.T, folder string) map[string][sha256.Size]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*", "bootstrap"))
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
