package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

const (
	stage    = "bench"
	keyID    = "00000000-0000-4000-8000-000000000000"
	few      = 10
	many     = 100_000
	rounds   = 61
	perRound = 50
)

// dashboard is the route that is asked for.
func dashboard() policy.Route {
	return policy.Route{API: policy.Own, Method: http.MethodGet, Resource: "/dashboard"}
}

// held is a store that has the record in memory.
type held struct{ record session.Record }

func (h held) Record(context.Context, token.ID, token.ID) (session.Record, bool, error) {
	return h.record, true, nil
}

func (held) RemoveRecord(context.Context, token.ID, token.ID) error { return nil }

func decisions(ctx context.Context, r *report, root, _ string) error {
	small, err := build(ctx, root, few)
	if err != nil {
		return err
	}
	defer small.stop()
	large, err := build(ctx, root, many)
	if err != nil {
		return err
	}
	defer large.stop()

	decide, decideAmongMany := small.decision(ctx, small.store()), large.decision(ctx, large.store())
	medians, err := interleave(rounds, each(perRound, small.read(ctx)), each(perRound, decide), each(perRound, decideAmongMany))
	if err != nil {
		return err
	}
	r.note("(a) a bare SDK GetItem of a token record", fmt.Sprintf("%.0f µs", 1000*milliseconds(medians[0])))
	r.note("(a) the authorizer's whole decision", fmt.Sprintf("%.0f µs", 1000*milliseconds(medians[1])))
	r.atMost("(a) decision ÷ bare GetItem", ratio(medians[1], medians[0]), 1.15, "%.2f")
	r.atMost(fmt.Sprintf("(d) decision among %s live tokens ÷ among %d", grouped(many), few), ratio(medians[2], medians[1]), 1.1, "%.2f")

	if err := ownWork(ctx, r, small); err != nil {
		return err
	}
	return keyCalls(ctx, r, small)
}

// ownWork measures what is ours, with the record and the key at hand.
func ownWork(ctx context.Context, r *report, w *world) error {
	const calls = 5_000
	own := w.decision(ctx, held{w.record})
	authorizer := session.NewAuthorizer(w.ring, w.store(), time.Now)
	forged, err := forge(w.token)
	if err != nil {
		return err
	}
	refuse := func() error {
		if _, err := authorizer.Authorize(ctx, forged, dashboard()); apperr.CodeOf(err) != apperr.Unauthenticated {
			return fmt.Errorf("a forged token got %w", err)
		}
		return nil
	}
	before := w.databases.calls.Load() + w.keys.calls.Load()
	medians, err := interleave(rounds, each(calls, own), each(calls, refuse))
	if err != nil {
		return err
	}
	reads := w.databases.calls.Load() + w.keys.calls.Load() - before
	r.atMost("(b) the decision's own work, without the read", 1000*milliseconds(medians[0]), 2, "%.2f µs")
	r.atMost("(b) allocations in it", allocations(own), 12, "%.0f")
	r.atMost("(c) a forged token refused, its key at hand", 1000*milliseconds(medians[1]), 1, "%.2f µs")
	r.atMost(fmt.Sprintf("(c) reads and key calls for %s forged tokens", grouped(rounds*calls)), float64(reads), 0, "%.0f")
	return nil
}

// forge makes a token of which everything is right but the tag.
func forge(genuine secret.Text) (secret.Text, error) {
	parsed, err := token.Parse(genuine.Reveal())
	if err != nil {
		return secret.Text{}, err
	}
	return token.Mint(token.Claims{
		KeyDay: parsed.KeyDay(), Generation: parsed.Generation(), UserID: token.NewID(), TokenID: token.NewID(),
		Role: uint8(policy.Admin), Issued: time.Now().Unix(), Expires: time.Now().Unix() + 3600,
	}, func([]byte) (tag [token.TagSize]byte, err error) { return tag, nil })
}

func allocations(f func() error) float64 {
	const calls = 1000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range calls {
		_ = f()
	}
	runtime.ReadMemStats(&after)
	return float64((after.Mallocs - before.Mallocs) / calls)
}

// keyCalls counts the KMS calls of a fresh process's worth of decisions.
func keyCalls(ctx context.Context, r *report, w *world) error {
	w.ring = w.newRing()
	before := w.keys.calls.Load()
	decide := w.decision(ctx, held{w.record})
	for range many {
		if err := decide(); err != nil {
			return err
		}
	}
	r.atMost(fmt.Sprintf("(e) KMS calls for %s decisions in one process", grouped(many)), float64(w.keys.calls.Load()-before), 1, "%.0f")
	return nil
}

func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
