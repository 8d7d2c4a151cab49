package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"sallyport/tools/endtoend"
)

// What a function that hashes passwords may take: a hash of the template's default costs, and what such a function wants for
// everything else at its start (functions/login, functions/register).
const (
	hashMiB  = 46
	otherMiB = 64
)

// memory measures the most that a function takes that hashes one password after the other, as nothing but a guesser makes it do. It is
// what PasswordMemoryMiB and its least value are sized by.
func memory(ctx context.Context, r *report, root, dir string) error {
	program, err := endtoend.Build(ctx, root, dir)
	if err != nil {
		return err
	}
	runner, err := endtoend.Start(program, root, dir, "-quiet", "-pool", "1", "-param", "RegistrationsPerAddress=1000000")
	if err != nil {
		return err
	}
	measured := measureMemory(ctx, r, runner)
	if err := runner.Stop(); err != nil {
		return fmt.Errorf("stopping the local run: %w", err)
	}
	return measured
}

func measureMemory(ctx context.Context, r *report, runner *endtoend.Runner) error {
	const guesses, registrations = 1000, 200
	for i := range guesses {
		// An address may fail a hundred times in five minutes.
		from := endtoend.Client{URL: runner.URL, HTTP: endtoend.From(fmt.Sprintf("127.0.3.%d", 1+i/90))}
		got, err := from.Do(ctx, http.MethodPost, "/login",
			map[string]string{"username": "nobody-" + strings.ToLower(rand.Text()), "password": rand.Text()})
		if err == nil && got.Status != http.StatusUnauthorized {
			err = fmt.Errorf("a wrong password got %d: %s", got.Status, got.Body)
		}
		if err != nil {
			return err
		}
	}
	for range registrations {
		if _, err := runner.Register(ctx, "", ""); err != nil {
			return err
		}
	}
	for _, did := range []struct {
		function, what string
	}{
		{"login", fmt.Sprintf("%d wrong passwords", guesses)},
		{"register", fmt.Sprintf("%d registrations", registrations)},
	} {
		pids, err := runner.Processes(did.function)
		if err != nil {
			return err
		}
		if len(pids) != 1 {
			return fmt.Errorf("%s has %d processes, which -pool 1 does not allow", did.function, len(pids))
		}
		peak, err := endtoend.PeakResident(pids[0])
		if err != nil {
			return err
		}
		r.atMost(fmt.Sprintf("peak resident memory of one process of %s over %s, one after the other", did.function, did.what),
			float64(peak)/1024, hashMiB+otherMiB, "%.1f MiB")
	}
	return nil
}
