package docs_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	audited  = regexp.MustCompile(`apigw\.Audited\([^\n]*?, "([a-z_]+)", `)
	eventRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ")
)

func TestEveryAuditedFunctionIsOnTheAuditPage(t *testing.T) {
	mains, err := filepath.Glob(filepath.Join(root, "functions", "*", "main.go"))
	if err != nil || len(mains) == 0 {
		t.Fatalf("%d functions, %v", len(mains), err)
	}
	actions := map[string]bool{"authorize": true} // the authorizer's, which is named where it is judged
	for _, file := range mains {
		for _, match := range audited.FindAllStringSubmatch(read(t, file), -1) {
			actions[match[1]] = true
		}
	}
	table, _, _ := strings.Cut(read(t, filepath.Join(root, "docs", "audit.md")), "| field of an event |")
	rows := map[string]bool{}
	for _, match := range eventRow.FindAllStringSubmatch(table, -1) {
		rows[match[1]] = true
	}
	if !maps.Equal(rows, actions) {
		t.Errorf("docs/audit.md has the events %v, the functions have %v", slices.Sorted(maps.Keys(rows)), slices.Sorted(maps.Keys(actions)))
	}
}
