// Package faults lets the memory stores of tests fail on demand, and counts what is asked of them. No function imports it.
package faults

import (
	"context"
	"sync"
)

// Hook runs at a call of a method. nth counts that method's calls from 1, beginning with the first call after the hook was
// set. Its error, if any, is what the caller gets. A hook may use the store itself, or block until ctx ends.
type Hook func(ctx context.Context, nth int) error

// Always fails every call.
func Always(err error) Hook { return func(context.Context, int) error { return err } }

// Nth fails one call, the nth from now.
func Nth(n int, err error) Hook {
	return func(_ context.Context, nth int) error {
		if nth == n {
			return err
		}
		return nil
	}
}

// First fails the next n calls.
func First(n int, err error) Hook {
	return func(_ context.Context, nth int) error {
		if nth <= n {
			return err
		}
		return nil
	}
}

// Hang answers no call before its context ends.
func Hang(ctx context.Context, _ int) error {
	<-ctx.Done()
	return ctx.Err()
}

// Plan says which calls fail. Its zero value lets all pass. It is safe for concurrent use.
type Plan struct {
	mu            sync.Mutex
	before, after []*planned
	calls         map[string]int
	reads, writes int
}

type planned struct {
	method string // empty: any
	hook   Hook
	calls  int
}

// Before runs hook before each call of method, of any method if that is empty. A call that fails by it does nothing.
func (p *Plan) Before(method string, hook Hook) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = append(p.before, &planned{method: method, hook: hook})
}

// After runs hook after each call of method that has succeeded. A call that fails by it has been done all the same: its
// answer was lost.
func (p *Plan) After(method string, hook Hook) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.after = append(p.after, &planned{method: method, hook: hook})
}

// Mend removes all hooks.
func (p *Plan) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before, p.after = nil, nil
}

// Calls returns how often method was called, failed calls included.
func (p *Plan) Calls(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[method]
}

// Reads returns how many calls read.
func (p *Plan) Reads() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reads
}

// Writes returns how many calls wrote, or would have.
func (p *Plan) Writes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.writes
}

// Forget sets all counts to zero.
func (p *Plan) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.reads, p.writes = nil, 0, 0
}

// Read is one call of a method that reads.
func (p *Plan) Read(ctx context.Context, method string, do func() error) error {
	return p.call(ctx, method, &p.reads, do)
}

// Write is one call of a method that writes.
func (p *Plan) Write(ctx context.Context, method string, do func() error) error {
	return p.call(ctx, method, &p.writes, do)
}

func (p *Plan) call(ctx context.Context, method string, kind *int, do func() error) error {
	p.mu.Lock()
	if p.calls == nil {
		p.calls = map[string]int{}
	}
	p.calls[method]++
	*kind++
	p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.run(ctx, &p.before, method); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return p.run(ctx, &p.after, method)
}

// run calls the hooks outside the lock, because they may use the store.
func (p *Plan) run(ctx context.Context, list *[]*planned, method string) error {
	type due struct {
		hook Hook
		nth  int
	}
	var hooks []due
	p.mu.Lock()
	for _, one := range *list {
		if one.method == "" || one.method == method {
			one.calls++
			hooks = append(hooks, due{one.hook, one.calls})
		}
	}
	p.mu.Unlock()
	for _, one := range hooks {
		if err := one.hook(ctx, one.nth); err != nil {
			return err
		}
	}
	return nil
}
