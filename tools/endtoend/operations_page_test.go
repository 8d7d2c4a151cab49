package endtoend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// Where a block of docs/operations.md is run. A block that is run nowhere says why.
const (
	byOperator = "with tools/operator against the local run"
	byAWSCLI   = "with the AWS CLI against the local run"
	byStandIn  = "with the AWS CLI and tools/operator against moto"
	bySAM      = "with SAM and the AWS CLI against moto"
	notHere    = "needs AWS: "
)

// placesOfBlocks says of every sh block of docs/operations.md where it is run: by its heading, and its number below that.
func placesOfBlocks() map[string]string {
	const lock, oneAccount = "Somebody cannot sign in: 429", "End one account's sessions, disable it, or change its role"
	const rows, table, another = "Rows of Accounts are damaged or gone", "The Accounts table is gone", "Another table is gone"
	const key = "The KMS key is disabled or scheduled for deletion"
	places := map[string]string{
		"Operations 1":      byOperator,
		lock + " 1":         byOperator,
		"The first ADMIN 1": byOperator,

		"End every session 1": byOperator,
		"End every session 2": notHere + "moto has no Lambda functions of a SAM template",
		"End every session 3": notHere + "as the one before",

		"Deploy 1":                notHere + "SAM asks questions at the first deploy; the block after it gives the answers as flags",
		"Deploy 2":                bySAM,
		"Upgrade and roll back 1": bySAM,
		"Upgrade and roll back 2": notHere + "moto has no failed updates",

		"Keys 1":   byAWSCLI,
		"Keys 2":   byStandIn,
		key + " 1": byAWSCLI,
		key + " 2": byAWSCLI,
		key + " 3": byAWSCLI,

		rows + " 1": byStandIn,
		rows + " 2": byStandIn,
		rows + " 3": byStandIn,
		rows + " 4": byStandIn,
		rows + " 5": byStandIn,

		table + " 1":   notHere + "moto leaves no system backup behind a table",
		another + " 1": byAWSCLI,
		another + " 2": byAWSCLI,
		another + " 3": byAWSCLI,

		"Tear down 1": byStandIn,
		"Tear down 2": bySAM,
		"Tear down 3": bySAM,
		"Tear down 4": bySAM,
		"Tear down 5": notHere + "moto does not import resources",

		"Logs 1":         notHere + "CloudWatch",
		"Audit events 1": byAWSCLI,
		"Audit events 2": byAWSCLI,
	}
	for n := 1; n <= 7; n++ {
		places[fmt.Sprintf("%s %d", oneAccount, n)] = byOperator
	}
	return places
}

// operationsPage is docs/operations.md, and which of its blocks have been run.
type operationsPage struct {
	blocks map[string]string

	mu  sync.Mutex
	ran map[string]bool
}

var (
	pageHeading = regexp.MustCompile(`^#+ (.+)$`)
	openPage    = sync.OnceValues(func() (*operationsPage, error) {
		content, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
		if err != nil {
			return nil, err
		}
		return &operationsPage{blocks: shellBlocks(string(content)), ran: map[string]bool{}}, nil
	})
)

// shellBlocks returns the sh blocks of a page by heading and number.
func shellBlocks(page string) map[string]string {
	blocks, numbers := map[string]string{}, map[string]int{}
	heading, fence := "", ""
	var block []string
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		switch match := pageHeading.FindStringSubmatch(line); {
		case fence != "" && line == "```":
			if fence == "```sh" {
				numbers[heading]++
				blocks[fmt.Sprintf("%s %d", heading, numbers[heading])] = strings.Join(block, "\n") + "\n"
			}
			fence, block = "", nil
		case fence != "":
			block = append(block, line)
		case strings.HasPrefix(line, "```"):
			fence = line
		case match != nil:
			heading = match[1]
		}
	}
	return blocks
}

func operations(t *testing.T) *operationsPage {
	t.Helper()
	page, err := openPage()
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// take returns a block, and notes that it is run.
func (p *operationsPage) take(t *testing.T, name string) string {
	t.Helper()
	block, ok := p.blocks[name]
	if !ok {
		t.Fatalf("docs/operations.md has no block %q", name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ran[name] = true
	return block
}

// wantAllRun checks that every block that is said to be run in a place has been run.
func (p *operationsPage) wantAllRun(t *testing.T, place string) {
	t.Helper()
	if t.Failed() { // what failed has not come to its end
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, where := range placesOfBlocks() {
		if where == place && !p.ran[name] {
			t.Errorf("docs/operations.md: the block %q has not been run", name)
		}
	}
}

func TestEveryCommandOfTheOperationsPageIsRunOrSaysWhyNot(t *testing.T) {
	places, page := placesOfBlocks(), operations(t)
	for name := range page.blocks {
		if places[name] == "" {
			t.Errorf("docs/operations.md has a new block, %q: run it in a test, or say why it cannot be run", name)
		}
	}
	for name := range places {
		if page.blocks[name] == "" {
			t.Errorf("docs/operations.md has no block %q any more", name)
		}
	}
}
