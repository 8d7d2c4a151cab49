package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// step is one promise and the check of it.
type step struct {
	promise   string
	check     func(ctx context.Context) (seen string, err error)
	essential bool // the steps after it cannot be tried if it fails
}

// notLookedAtError is the error of a check that could not look at what it checks, through no fault of the service.
type notLookedAtError struct{ needs string }

func (e notLookedAtError) Error() string { return e.needs }

// report counts the steps and prints a line for each.
type report struct {
	out                       io.Writer
	passed, failed, notLooked int
}

// run does the steps and reports whether none failed.
func (r *report) run(ctx context.Context, steps []step) bool {
	for i, s := range steps {
		seen, err := s.check(ctx)
		var unseen notLookedAtError
		switch {
		case err == nil:
			r.passed++
			r.line("ok", s.promise, seen)
		case errors.As(err, &unseen):
			r.notLooked++
			r.line("not looked at", s.promise, unseen.needs)
		default:
			r.failed++
			r.line("FAILED", s.promise, err.Error())
			rest := len(steps) - i - 1
			switch {
			case rest == 0:
			case ctx.Err() != nil:
				fmt.Fprintf(r.out, "\nThe run ended early (%v): %d steps were not tried.\n", context.Cause(ctx), rest)
				return r.summary()
			case s.essential:
				fmt.Fprintf(r.out, "\nThe %d steps after it build on it and were not tried.\n", rest)
				return r.summary()
			}
		}
	}
	return r.summary()
}

func (r *report) line(verdict, promise, seen string) {
	if seen != "" {
		seen = ": " + seen
	}
	fmt.Fprintf(r.out, "%-13s  %s%s\n", verdict, promise, seen)
}

func (r *report) summary() bool {
	fmt.Fprintf(r.out, "\n%d ok, %d failed, %d not looked at\n", r.passed, r.failed, r.notLooked)
	if r.failed == 0 && r.notLooked > 0 {
		fmt.Fprintln(r.out, "What was not looked at is not verified.")
	}
	return r.failed == 0
}
