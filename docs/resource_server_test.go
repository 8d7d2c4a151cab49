package docs_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sallyport/tools/endtoend"
)

// commands returns the commands to type of a section of the adopting page, in their order.
func commands(t *testing.T, section string) (blocks []string) {
	t.Helper()
	_, rest, found := strings.Cut(read(t, adoptingPage), "\n## "+section+"\n")
	if !found {
		t.Fatalf("the page has no section %q", section)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	for n, block := range strings.Split(rest, "\n```") {
		if n%2 == 1 {
			blocks = append(blocks, strings.TrimSpace(block))
		}
	}
	return blocks
}

func TestTheCommandsForAResourceServerWork(t *testing.T) {
	runner, err := endtoend.Start(buildLocal(t), root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := runner.Stop(); err != nil {
			t.Error(err)
		}
	})
	tokens := signIn(t, runner, "ADMIN", "CONSUMER")
	environment := append(os.Environ(), "url="+runner.URL, "admin="+tokens["ADMIN"], "token="+tokens["CONSUMER"])
	run := func(command string) (printed string, members map[string]any) {
		t.Helper()
		shell := exec.CommandContext(t.Context(), "bash", "-ec", command)
		shell.Env = environment
		out, err := shell.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		_ = json.Unmarshal(out, &members) // nothing is printed by some
		return string(out), members
	}
	blocks := commands(t, "A resource server outside the gateway")
	if len(blocks) != 4 {
		t.Fatalf("%d commands, want 4: %q", len(blocks), blocks)
	}
	printed, made := run(blocks[0])
	id, _ := made["client_id"].(string)
	characters, _ := made["client_secret"].(string)
	if id == "" || characters == "" {
		t.Fatalf("no client was made: %s", printed)
	}
	environment = append(environment, "client_id="+id, "client_secret="+characters)

	printed, described := run(blocks[1])
	if described["active"] != true || described["role"] != "CONSUMER" || described["kind"] != "session" {
		t.Errorf("a live token: %s", printed)
	}
	for member := range described { // token_type is the RFC's, and of no use here
		if page := read(t, adoptingPage); member != "token_type" && !strings.Contains(page, "`"+member+"`") {
			t.Errorf("the page does not say what %s is for", member)
		}
	}
	if printed, _ = run(blocks[2]); printed != "" {
		t.Errorf("revoking: %s", printed)
	}
	if printed, _ = run(blocks[1]); printed != `{"active":false}` {
		t.Errorf("right after it was revoked: %s", printed)
	}
	wants(t, runner.Client, "GET /dashboard", "CONSUMER, revoked,", tokens["CONSUMER"], 401)
	if printed, _ = run(blocks[3]); printed != "" {
		t.Errorf("removing the client: %s", printed)
	}
	if printed, refused := run(blocks[1]); refused["error"] != "invalid_client" {
		t.Errorf("by a client that has been removed: %s", printed)
	}
}
