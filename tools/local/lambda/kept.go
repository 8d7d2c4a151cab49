package lambda

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// place is where go build puts binaries, and its temporary files: on the same file system, so that a binary gets to its place by renaming
// and is there whole or not at all.
type place struct {
	out, temporary string
	release        func()
}

// kept returns a place below the module's .local that is the same in each run, and is this run's alone until it is released: there go
// build finds what it has linked before, and leaves alone what is up to date, by the hash of all that went into it. Two runs wait for
// one another. It is an error if there can be no such place.
func kept(ctx context.Context, parent string) (place, error) {
	root, err := moduleRoot(parent)
	if err != nil {
		return place{}, err
	}
	below, err := filepath.Rel(root, parent)
	if err != nil {
		return place{}, err
	}
	key := sha256.Sum256([]byte(strings.Join(append(buildFlags(), runtime.GOOS, runtime.GOARCH, filepath.ToSlash(below)), "\x00")))
	base := filepath.Join(root, ".local", "build", hex.EncodeToString(key[:8]))
	p := place{out: filepath.Join(base, "out"), temporary: filepath.Join(base, "tmp")}
	if err := os.MkdirAll(p.out, 0o700); err != nil {
		return place{}, err
	}
	if p.release, err = lockFile(ctx, filepath.Join(base, "lock")); err != nil {
		return place{}, err
	}
	// What a build that was killed has left goes.
	if err := errors.Join(os.RemoveAll(p.temporary), os.Mkdir(p.temporary, 0o700), writable(p.out)); err != nil {
		p.release()
		return place{}, err
	}
	return p, nil
}

// fresh returns a place in the run's own folder.
func fresh(dir, name string) (place, error) {
	p := place{out: filepath.Join(dir, name), temporary: dir, release: func() {}}
	if err := os.Mkdir(p.out, 0o700); err != nil {
		return place{}, fmt.Errorf("build the functions: %w", err)
	}
	return p, nil
}

// forget removes kept binaries of folders that are main packages no more: go build would leave them, and they would be run.
func (p place) forget(folders []string) error {
	for _, folder := range folders {
		if found, err := build.ImportDir(folder, 0); err == nil && found.IsCommand() {
			continue
		}
		if err := os.Remove(binaryIn(p.out, folder)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("build the functions: %w", err)
		}
	}
	return nil
}

func moduleRoot(folder string) (string, error) {
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("no go.mod above the functions")
		}
		folder = parent
	}
}

func writable(folder string) error {
	file, err := os.CreateTemp(folder, ".probe-")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// lockPoll is how often a lock that another run holds is looked at.
const lockPoll = 20 * time.Millisecond

// lockFile holds the file's lock until release, or until this process ends, however it ends.
func lockFile(ctx context.Context, path string) (release func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		held, err := tryLock(file)
		if held {
			return func() { file.Close() }, nil //nolint:errcheck // nothing was written
		}
		if err == nil {
			err = sleep(ctx, lockPoll)
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
