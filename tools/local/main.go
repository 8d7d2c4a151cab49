// Command local runs the whole system on this machine: it reads the SAM template, builds every function and serves the API as API
// Gateway would, with an embedded DynamoDB and KMS. The functions are the deployed ones: nothing in them knows of a local run.
//
//	go run ./tools/local [-addr 127.0.0.1:3000] [-param Name=Value]… [-stack NAME] [-attach FILE] [-sam 127.0.0.1:3001] [-dynamodb URL] [-kms URL]
//		[-state .local/state.json] (-h lists all)
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func main() { os.Exit(realMain()) }

// realMain returns the exit code: 0 after Ctrl-C or SIGTERM, 1 after a failure, which has been told in one line.
func realMain() int {
	o, err := parseFlags(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return fail(err)
	}
	debug.SetGCPercent(400) // its heap is a few megabytes, nearly all of it garbage after each request
	// The first signal ends the run in good order, a second one at once.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	hurry, force := context.WithCancel(context.Background())
	defer force()
	go func() {
		<-signals
		stop()
		<-signals
		force()
	}()
	if err := run(ctx, hurry, o, &output{out: os.Stdout}); err != nil {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "local:", err)
	return 1
}
