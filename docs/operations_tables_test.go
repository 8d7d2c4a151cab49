package docs_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sallyport/tools/local/template"
)

// remade is a command of docs/operations.md that makes a table anew.
var remade = regexp.MustCompile("(?m)(?:^|`)remake ([A-Za-z]+)Name ([a-z][a-zA-Z_, -]*)(?:`|$)")

// A function whose table comes back without an index answers 503 from then on.
func TestATableThatIsMadeAnewHasTheKeysAndIndexesOfTheTemplate(t *testing.T) {
	stack, err := template.Load(filepath.Join(root, "template.yaml"), template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	commands := map[string]string{}
	for _, match := range remade.FindAllStringSubmatch(read(t, filepath.Join(root, "docs", "operations.md")), -1) {
		commands[match[1]] = match[2]
	}
	for _, table := range stack.Tables {
		want := keys(table.PartitionKey, table.SortKey)
		for _, index := range table.Indexes {
			want += " " + index.Name + " " + keys(index.PartitionKey, index.SortKey) + " " + index.Projection
		}
		if got := commands[table.LogicalID]; got != want {
			t.Errorf("remake %sName %q, want %q", table.LogicalID, got, want)
		}
	}
}

func keys(partition, sort template.KeyAttribute) string {
	return strings.TrimSuffix(partition.Name+","+sort.Name, ",")
}
