// Package docs_test holds the documentation to the repository: what README.md and docs/*.md name must be there.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = ".."

// What is looked for in a page. Code in backticks is one name; a fenced block is read for links only.
var (
	fence   = regexp.MustCompile("(?ms)^ *```.*?^ *```") //nolint:gocritic // with (?m) the second ^ is the start of a line
	name    = regexp.MustCompile("`([^`\n]+)`")
	link    = regexp.MustCompile(`(?:\[([^\]]*)\]\(|src="|srcset=")([^)"\s]+)`)
	test    = regexp.MustCompile(`^(Test|Fuzz|Benchmark|Example)[A-Z]\w*$`)
	path    = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)*/?$`)
	file    = regexp.MustCompile(`\.(go|md|yaml|toml|svg|json|txt)$`)
	snake   = regexp.MustCompile(`^[a-z]+(_[a-z]+)+$`)
	target  = regexp.MustCompile(`^make ([a-z-]+)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	declare = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)

	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// pages returns the documentation by file name, from the repository's top.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, file := range append(files, filepath.Join(root, "README.md")) {
		found[strings.TrimPrefix(filepath.ToSlash(file), "../")] = read(t, file)
	}
	return found
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// source returns the files of the repository that a page may speak of, by name.
func source(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, top := range []string{"functions", "shared", "tools", "docs", "template.yaml", "Makefile"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, entry fs.DirEntry, err error) error {
			if err == nil && (slices.Contains([]string{".go", ".py", ".toml"}, filepath.Ext(name)) || name == filepath.Join(root, top)) && !entry.IsDir() {
				found[filepath.ToSlash(name)] = read(t, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func names(page string) (all []string) {
	for _, match := range name.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		all = append(all, match[1])
	}
	return all
}

func declared(content string) (tests []string) {
	for _, match := range declare.FindAllStringSubmatch(content, -1) {
		tests = append(tests, match[1])
	}
	return tests
}

// sections returns the anchors that a git host gives a page's headings.
func sections(page string) (anchors []string) {
	for _, match := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		anchors = append(anchors, strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-"))
	}
	return anchors
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func TestEveryTestThatAPageNamesExists(t *testing.T) {
	var tests []string
	for _, content := range source(t) {
		tests = append(tests, declared(content)...)
	}
	for page, text := range pages(t) {
		for _, name := range names(text) {
			if test.MatchString(name) && !slices.Contains(tests, name) {
				t.Errorf("%s names %s, which no test file declares", page, name)
			}
		}
	}
}

func TestEveryLinkLeadsToAFileAndToTheTestItNames(t *testing.T) {
	for page, text := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			label, to := strings.Trim(match[1], "`"), match[2]
			if strings.Contains(to, "://") {
				continue
			}
			to, section, _ := strings.Cut(to, "#")
			to = filepath.Join(filepath.Dir(page), to)
			if match[2][0] == '#' {
				to = page
			}
			switch to = filepath.Join(root, to); {
			case !exists(to):
				t.Errorf("%s links to %s, which is not there", page, match[2])
			case section != "" && !slices.Contains(sections(read(t, to)), section):
				t.Errorf("%s links to %s: there is no such heading", page, match[2])
			case test.MatchString(label) && !slices.Contains(declared(read(t, to)), label):
				t.Errorf("%s links %s to %s, which does not declare it", page, label, match[2])
			}
		}
	}
}

func TestEveryFileThatAPageNamesExists(t *testing.T) {
	for page, text := range pages(t) {
		for _, name := range names(text) {
			top, _, below := strings.Cut(name, "/")
			switch {
			case !path.MatchString(name), strings.HasPrefix(name, ".local/"), strings.HasPrefix(name, ".aws-sam/"): // made by the tools
			case below && exists(filepath.Join(root, top)), !below && file.MatchString(name):
				if !exists(filepath.Join(root, name)) && !exists(filepath.Join(root, filepath.Dir(page), name)) {
					t.Errorf("%s names %s, which is not there", page, name)
				}
			}
		}
	}
}

func TestEveryMakeTargetFieldAndReasonThatAPageNamesIsInTheSource(t *testing.T) {
	var everything strings.Builder
	for _, content := range source(t) {
		everything.WriteString(content)
	}
	makefile := read(t, filepath.Join(root, "Makefile"))
	for page, text := range pages(t) {
		for _, name := range names(text) {
			if match := target.FindStringSubmatch(name); len(match) == 2 && !strings.Contains(makefile, "\n"+match[1]+":") {
				t.Errorf("%s names make %s, which the Makefile does not have", page, match[1])
			}
			if snake.MatchString(name) && !strings.Contains(everything.String(), name) {
				t.Errorf("%s names %s, which is nowhere in the source", page, name)
			}
		}
	}
}
