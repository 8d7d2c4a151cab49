package docs_test

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sallyport/tools/workcopy"
)

const adoptingPage = "adopting.md"

// step is one numbered step of the adopting page: changes of files.
type step struct {
	section int // which part of the page it belongs to
	changes []change
}

// change is a file with what to replace in it, or with all that is in it.
type change struct {
	file  string
	hunks []hunk // none for a new file
	whole string
}

type hunk struct{ old, text string }

// omission is a row of the page's table: a step that is left out, or done with one word for another, and what finds it.
type omission struct {
	step       int
	word       string // in place of right; empty for a step that is left out
	right      string
	test       string // empty for make dev
	folder     string // of the test's package, from the repository's top
	says       string
	firstCells string // to name the row
}

var (
	stepHeading = regexp.MustCompile(`^### (\d+)\. `)
	stepFence   = regexp.MustCompile("^```(\\S+) ?(\\S*)$")
	omissionRow = regexp.MustCompile("^\\| ((\\d+)(?:, with `(\\w+)` for `(\\w+)`)?) \\| (?:\\[`(Test\\w+)`\\]\\((\\S+)\\)|`make dev`) \\| \"(.+)\" \\|$")
)

// readSteps reads the page's steps, in their order.
func readSteps(t *testing.T) map[int]step {
	t.Helper()
	steps := map[int]step{}
	current, section := 0, 0
	lines := strings.Split(read(t, adoptingPage), "\n")
	for i := 0; i < len(lines); i++ {
		if strings.HasPrefix(lines[i], "## ") {
			section++
			current = 0
		}
		if match := stepHeading.FindStringSubmatch(lines[i]); match != nil {
			current, _ = strconv.Atoi(match[1])
		}
		match := stepFence.FindStringSubmatch(lines[i])
		if match == nil {
			if strings.HasPrefix(lines[i], "```") { // commands to type: past their end
				for i++; lines[i] != "```"; i++ {
				}
			}
			continue
		}
		var block []string
		for i++; lines[i] != "```"; i++ {
			block = append(block, lines[i])
		}
		if current == 0 {
			t.Fatalf("line %d: a block of a step that has no number", i+1)
		}
		next := step{section: section, changes: steps[current].changes}
		if match[1] == "diff" {
			next.changes = append(next.changes, change{file: block[0], hunks: hunks(block[1:])})
		} else {
			next.changes = append(next.changes, change{file: match[2], whole: strings.Join(block, "\n") + "\n"})
		}
		steps[current] = next
	}
	if len(steps) != 10 {
		t.Fatalf("the page has %d steps that change something, want 10", len(steps))
	}
	return steps
}

// hunks reads a diff without positions; a line @@ is between two hunks.
func hunks(lines []string) []hunk {
	all := []hunk{{}}
	for _, line := range lines {
		last := &all[len(all)-1]
		switch {
		case line == "@@":
			all = append(all, hunk{})
		case strings.HasPrefix(line, "+"):
			last.text += line[1:] + "\n"
		case strings.HasPrefix(line, "-"):
			last.old += line[1:] + "\n"
		default:
			line = strings.TrimPrefix(line, " ")
			last.old += line + "\n"
			last.text += line + "\n"
		}
	}
	return all
}

// take takes a step in a copy of the repository, with one word in place of another in what it adds.
func (s step) take(t *testing.T, c workcopy.Copy, word, right string) {
	t.Helper()
	for _, change := range s.changes {
		if change.hunks == nil {
			c.Write(t, change.file, change.whole)
		}
		for _, h := range change.hunks {
			if right != "" && !strings.Contains(h.text, right) {
				t.Fatalf("%s: there is no %s to replace", change.file, right)
			}
			c.Replace(t, change.file, "\n"+h.old, "\n"+replaceLast(h.text, right, word))
		}
	}
}

// replaceLast leaves text as it is if old is empty.
func replaceLast(text, old, replacement string) string {
	if old == "" {
		return text
	}
	i := strings.LastIndex(text, old)
	return text[:i] + replacement + text[i+len(old):]
}

// readOmissions reads the page's table.
func readOmissions(t *testing.T) []omission {
	t.Helper()
	var all []omission
	_, table, found := strings.Cut(read(t, adoptingPage), "| left out | what fails | what it says |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for row := range strings.SplitSeq(table, "\n") {
		match := omissionRow.FindStringSubmatch(row)
		if match == nil {
			t.Fatalf("the row has another form than this test reads: %s", row)
		}
		number, err := strconv.Atoi(match[2])
		if err != nil {
			t.Fatal(err)
		}
		o := omission{step: number, word: match[3], right: match[4], test: match[5], says: match[7], firstCells: match[1] + ", " + match[5]}
		if o.test != "" {
			o.folder = "./" + filepath.ToSlash(filepath.Join("docs", filepath.Dir(match[6])))
		}
		all = append(all, o)
	}
	if !found || len(all) < 8 {
		t.Fatalf("the page's table has %d rows, want one for each step at least", len(all))
	}
	return all
}
