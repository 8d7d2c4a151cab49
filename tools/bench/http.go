package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sallyport/tools/endtoend"
)

// The load is bounded by its number of requests.
const (
	requestsAlone    = 3_000
	requestsTogether = 12_000
	signIns          = 32
)

func endToEnd(ctx context.Context, r *report, root, dir string) error {
	program, err := endtoend.Build(ctx, root, dir)
	if err != nil {
		return err
	}
	runner, err := endtoend.Start(program, root, dir, "-quiet")
	if err != nil {
		return err
	}
	measured := measureHTTP(ctx, r, runner.Client)
	if err := runner.Stop(); err != nil {
		return fmt.Errorf("stopping the local run: %w", err)
	}
	return measured
}

func measureHTTP(ctx context.Context, r *report, client endtoend.Client) error {
	user, err := client.Register(ctx, "", "")
	if err != nil {
		return err
	}
	token, err := client.SignIn(ctx, user)
	if err != nil {
		return err
	}
	for _, load := range []struct {
		concurrency, requests int
		promised              float64
	}{{1, requestsAlone, 1000}, {16, requestsTogether, 2000}} {
		if _, _, err := hammer(ctx, client, token, load.concurrency, load.requests/10); err != nil { // warm up
			return err
		}
		took, latencies, err := hammer(ctx, client, token, load.concurrency, load.requests)
		if err != nil {
			return err
		}
		r.note(fmt.Sprintf("(g) authorized GET end to end, %d at a time (a prototype reached %.0f req/s)", load.concurrency, load.promised),
			fmt.Sprintf("%.0f req/s, p50 %.2f ms, p99 %.2f ms", float64(len(latencies))/took.Seconds(),
				milliseconds(quantile(latencies, 0.5)), milliseconds(quantile(latencies, 0.99))))
	}
	return measureSignIn(ctx, r, client)
}

// hammer sends so many requests and returns how long each took, and all together.
func hammer(ctx context.Context, client endtoend.Client, token string, concurrency, requests int) (time.Duration, []time.Duration, error) {
	var sent atomic.Int64
	var group sync.WaitGroup
	latencies, errs := make([][]time.Duration, concurrency), make([]error, concurrency)
	began := time.Now()
	for i := range concurrency {
		group.Go(func() {
			for sent.Add(1) <= int64(requests) {
				start := time.Now()
				got, err := client.Get(ctx, "/dashboard", token)
				if err == nil && got.Status != http.StatusOK {
					err = fmt.Errorf("status %d: %s", got.Status, got.Body)
				}
				if err != nil {
					errs[i] = err
					return
				}
				latencies[i] = append(latencies[i], time.Since(start))
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	for _, err := range errs {
		if err != nil {
			return 0, nil, fmt.Errorf("under load: %w", err)
		}
	}
	return took, slices.Concat(latencies...), nil
}

// measureSignIn compares both steps of a sign-in, over HTTP, with the one Argon2id hash in them.
func measureSignIn(ctx context.Context, r *report, client endtoend.Client) error {
	alone, stop, err := startHashing(ctx)
	if err != nil {
		return err
	}
	defer stop()
	users := make([]*endtoend.User, signIns)
	for i := range users {
		if users[i], err = client.Register(ctx, "", ""); err != nil {
			return err
		}
	}
	next := 0
	medians, err := interleave(signIns,
		alone,
		func() (time.Duration, error) {
			user := users[next]
			next++
			began := time.Now()
			_, err := client.SignIn(ctx, user)
			return time.Since(began), err
		})
	if err != nil {
		return err
	}
	r.note("(h) one Argon2id hash at 46 MiB, in a process like the function's", fmt.Sprintf("%.1f ms", milliseconds(medians[0])))
	r.note("(h) a whole sign-in, both steps over HTTP", fmt.Sprintf("%.1f ms", milliseconds(medians[1])))
	r.atMost("(h) sign-in ÷ its Argon2id alone", ratio(medians[1], medians[0]), 1.2, "%.2f")
	return measureEnumeration(ctx, r, client, users)
}

// measureEnumeration compares how long a wrong password takes for names that exist and for fresh ones that do not.
func measureEnumeration(ctx context.Context, r *report, client endtoend.Client, users []*endtoend.User) error {
	const names = 200
	const wrongEach = 5 // more would be throttled
	wrongPassword := rand.Text()
	for len(users) < names/wrongEach {
		user, err := client.Register(ctx, "", "")
		if err != nil {
			return err
		}
		users = append(users, user)
	}
	failed := 0
	wrong := func(name func() string) func() (time.Duration, error) {
		return func() (time.Duration, error) {
			// An address may fail a hundred times in five minutes, so that the guesses come from several of loopback's.
			from := endtoend.Client{URL: client.URL, HTTP: endtoend.From(fmt.Sprintf("127.0.1.%d", 1+failed/50))}
			failed++
			username := name()
			began := time.Now()
			got, err := from.Do(ctx, http.MethodPost, "/login", map[string]string{"username": username, "password": wrongPassword})
			took := time.Since(began)
			if err == nil && got.Status != http.StatusUnauthorized {
				err = fmt.Errorf("a wrong password got %d: %s", got.Status, got.Body)
			}
			return took, err
		}
	}
	known := 0
	medians, err := interleave(names,
		wrong(func() string { known++; return users[(known-1)/wrongEach].Username }),
		wrong(func() string { return "nobody-" + strings.ToLower(rand.Text()) }),
	)
	if err != nil {
		return err
	}
	r.note("a wrong password for a name that exists, over HTTP", fmt.Sprintf("%.1f ms", milliseconds(medians[0])))
	r.atMost("difference to a name that does not exist, of 200 interleaved each", 100*math.Abs(ratio(medians[1], medians[0])-1), 10, "%.1f %%")
	return nil
}
