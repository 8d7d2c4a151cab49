package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

const root = "../.."

func TestTheReferencePageIsWhatTheDescriptionSays(t *testing.T) {
	made := filepath.Join(t.TempDir(), "api.md")
	if err := run(filepath.Join(root, description), made); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what %s says: run make docs", page, description)
	}
}

func TestAnHeadingIsLinkedAsAGitHostDoes(t *testing.T) {
	for heading, want := range map[string]string{
		"POST /verify-otp": "post-verify-otp", "DELETE /sessions/{session_id}": "delete-sessionssession_id", "API tokens": "api-tokens",
	} {
		if got := anchor(heading); got != want {
			t.Errorf("%s: %s, want %s", heading, got, want)
		}
	}
}
