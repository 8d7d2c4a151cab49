package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// state tells other programs on this machine (the acceptance run, tests) where everything is.
//
// The functions' processes are not in it, since they come and go. They are the children of PID, each running
// <temporary folder>/<logical id>/bootstrap: on Linux, /proc/<pid>/exe names the function.
type state struct {
	URL             string            `json:"url"`
	AttachedURL     string            `json:"attached_url,omitempty"` // with -attach
	SAMURL          string            `json:"sam_url,omitempty"`      // with -sam
	PID             int               `json:"pid"`
	AdminInvitation string            `json:"admin_invitation"`
	DynamoDBURL     string            `json:"dynamodb_url"`
	KMSURL          string            `json:"kms_url"`
	KMSKeyID        string            `json:"kms_key_id"`
	Tables          map[string]string `json:"tables"`
}

// stateFile is where the state is written. Its owner alone may read it, for the invitation.
type stateFile struct {
	path string

	mu      sync.Mutex
	removed bool // nothing is written any more
}

// check refuses a file that belongs to a run that still answers. What a dead run left is overwritten.
func (f *stateFile) check(ctx context.Context) error {
	content, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the state file: %w", err)
	}
	// What can't be read was not written by this program in one piece, and is of no use to anybody.
	var old state
	if json.Unmarshal(content, &old) == nil && old.answers(ctx) {
		return fmt.Errorf("%s belongs to a run that still answers on %s (process %d): stop that one, or choose another file with -state", f.path, old.URL, old.PID)
	}
	return nil
}

// answers tells whether the run that wrote s lives and has its port. Of a dead one, the port may be somebody else's now.
func (s state) answers(ctx context.Context) bool {
	address, err := url.Parse(s.URL)
	if err != nil || address.Host == "" {
		return false
	}
	dialer := net.Dialer{Timeout: time.Second}
	connection, err := dialer.DialContext(ctx, "tcp", address.Host)
	if err != nil {
		return false
	}
	connection.Close() //nolint:errcheck // it has served its purpose
	return alive(s.PID)
}

// write replaces the file in one step, so that no reader sees half of it.
func (f *stateFile) write(s state) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.removed {
		return nil
	}
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the state: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return fmt.Errorf("make the state file's folder: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(f.path), ".state-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("write the state file: %w", err)
	}
	_, err = temporary.Write(append(content, '\n'))
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), f.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the state file: %w", err), os.Remove(temporary.Name()))
	}
	return nil
}

// remove ends the file's life. Its folder stays.
func (f *stateFile) remove() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.removed = true
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the state file: %w", err)
	}
	return nil
}
