package samlocal_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"sallyport/tools/endtoend"
	"sallyport/tools/local/template"
	"sallyport/tools/workcopy"
)

// What is deployed can be checked against the source by whoever has the same commit and the same Go, with SAM or without: neither the folder's
// name, nor the repository's state, nor the time, nor what SAM does around the compiler is in the binaries. Both builds are of copies: what the
// developer has built stays as it is.
func TestTheSameSourceGivesTheSameBytes(t *testing.T) {
	if !endtoend.SAMIsWanted(t) {
		return
	}
	one, other := workcopy.New(t, repository(t)).Root, workcopy.New(t, repository(t)).Root // folders of two names
	do(t, other, "git", "init", "--quiet")                                                 // and one of them is a repository
	do(t, one, "make", "build")
	do(t, other, "make", "reproduce", "OUT=plain")
	stack, err := template.Load(filepath.Join(one, "template.yaml"), template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	here := built(t, one)
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
