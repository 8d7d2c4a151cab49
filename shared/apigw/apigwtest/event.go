// Package apigwtest gives tests the golden events of the folder events, which `sam local invoke` reads too.
package apigwtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Event reads the named event (such as "login") into a T. Members that T does not know are ignored, as Lambda ignores them.
func Event[T any](t *testing.T, name string) T {
	t.Helper()
	var event T
	text, err := os.ReadFile(filepath.Join("..", "..", "events", name+".json")) //nolint:gosec // G304: a file of the repository, named by a test
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &event); err != nil {
		t.Fatal(err)
	}
	return event
}

// With returns an event's body, a JSON object, with another value for one of its members.
func With(t *testing.T, body, member, value string) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		t.Fatal(err)
	}
	members[member] = value
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Log collects what a function logs.
type Log struct{ lines []byte }

// Write implements io.Writer.
func (l *Log) Write(line []byte) (int, error) {
	l.lines = append(l.lines, line...)
	return len(line), nil
}

// String returns all lines.
func (l *Log) String() string { return string(l.lines) }
