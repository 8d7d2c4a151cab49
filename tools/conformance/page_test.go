package conformance_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// update writes the page's generated parts instead of comparing them.
var update = flag.Bool("update", false, "rewrite the generated parts of docs/local.md")

func TestThePageListsWhatTheTableKnows(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "local.md")
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	made := string(page)
	for name, text := range map[string]string{
		"areas": areasText(), "tools/local": differencesText(localDifferences()), "sam local": differencesText(samDifferences()), "rows": rowsText(),
	} {
		begin, end := "<!-- "+name+": made from tools/conformance -->\n", "<!-- end of "+name+" -->"
		before, rest, found := strings.Cut(made, begin)
		_, after, ended := strings.Cut(rest, end)
		if !found || !ended {
			t.Fatalf("%s has no part %q and %q", file, begin, end)
		}
		made = before + begin + text + end + after
	}
	if *update {
		if err := os.WriteFile(file, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if made != string(page) {
		t.Errorf("%s is not what the table says: go test ./tools/conformance -run TestThePage -update", file)
	}
}

// areasText counts the rows by area and emulator.
func areasText() string {
	local, sam := byRow(localDifferences()), byRow(samDifferences())
	var text strings.Builder
	text.WriteString("\n| area | rows | `tools/local` as AWS | `sam local` as AWS |\n|---|---:|---:|---:|\n")
	var rows, localSame, samSame int
	for _, area := range table() {
		inLocal, inSAM := 0, 0
		for _, row := range area.rows {
			if _, differs := local[area.name+"/"+row.name]; !differs {
				inLocal++
			}
			if _, differs := sam[area.name+"/"+row.name]; !differs {
				inSAM++
			}
		}
		fmt.Fprintf(&text, "| %s | %d | %d | %d |\n", area.name, len(area.rows), inLocal, inSAM)
		rows, localSame, samSame = rows+len(area.rows), localSame+inLocal, samSame+inSAM
	}
	fmt.Fprintf(&text, "| all | %d | %d | %d |\n\n", rows, localSame, samSame)
	return text.String()
}

// differencesText lists differences with the rows that show them, by area.
func differencesText(differences []difference) string {
	var text strings.Builder
	text.WriteString("\n")
	for _, d := range differences {
		fmt.Fprintf(&text, "- %s.", d.says)
		last := ""
		for _, name := range slices.Sorted(maps.Keys(d.rows)) {
			area, row, _ := strings.Cut(name, "/")
			if area != last {
				fmt.Fprintf(&text, "\n  *%s*: %s", area, row)
			} else {
				text.WriteString("; " + row)
			}
			last = area
		}
		text.WriteString("\n")
	}
	return text.String() + "\n"
}

// rowsText lists every row with its source.
func rowsText() string {
	var text strings.Builder
	for _, area := range table() {
		fmt.Fprintf(&text, "\n**%s**\n\n", area.name)
		for _, row := range area.rows {
			cited := row.cites.title
			if row.cites.url != "" {
				cited = "[" + cited + "](" + row.cites.url + ")"
			}
			fmt.Fprintf(&text, "- %s: %s\n", row.name, cited)
		}
	}
	return text.String() + "\n"
}
