package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"sallyport/shared/password"
	"sallyport/shared/secret"
)

// What the hash takes depends on the state of the process's memory, so that it is measured in a process of its own that does nothing
// else, on as many processors as the function's process has here. It is this program again, with an argument that is no flag.
const hashing = "hashing"

// startHashing starts that process. A call of alone returns what one hash took in it.
func startHashing(ctx context.Context) (alone func() (time.Duration, error), stop func(), err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("finding this program: %w", err)
	}
	command := exec.CommandContext(ctx, program, hashing)
	command.Env, command.Stderr = []string{"GOMAXPROCS=1"}, os.Stderr
	asks, err := command.StdinPipe()
	if err != nil {
		return nil, nil, fmt.Errorf("preparing to hash: %w", err)
	}
	answers, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, fmt.Errorf("preparing to hash: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, nil, fmt.Errorf("starting to hash: %w", err)
	}
	lines := bufio.NewReader(answers)
	alone = func() (time.Duration, error) {
		if _, err := fmt.Fprintln(asks); err != nil {
			return 0, fmt.Errorf("asking for a hash: %w", err)
		}
		line, err := lines.ReadString('\n')
		if err != nil {
			return 0, fmt.Errorf("waiting for a hash: %w", err)
		}
		return time.ParseDuration(line[:len(line)-1])
	}
	stop = func() {
		_ = asks.Close()   // it ends then
		_ = command.Wait() // and has answered all that it was asked
	}
	return alone, stop, nil
}

// hash hashes a password for each line that it reads, and writes how long it took.
func hash(in io.Reader, out io.Writer) error {
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 1024 * hashMiB, Time: 1}) // the template's defaults
	if err != nil {
		return err
	}
	plain, err := password.Prepare(secret.New("a pass phrase to measure"))
	if err != nil {
		return err
	}
	for asks := bufio.NewScanner(in); asks.Scan(); {
		began := time.Now()
		if _, err := hasher.Hash(plain); err != nil {
			return err
		}
		if _, err := io.WriteString(out, strconv.FormatInt(time.Since(began).Nanoseconds(), 10)+"ns\n"); err != nil {
			return fmt.Errorf("answering: %w", err)
		}
	}
	return nil
}
