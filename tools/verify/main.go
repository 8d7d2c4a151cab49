// Command verify is the acceptance run: it signs a user of each role in and out over HTTP, tries every protected route with every role,
// and looks into the tables at what was stored. It prints one line a step and exits with status 1 if any step fails.
//
// It shares no code with what it verifies where that can be helped: it computes one-time codes, reads tokens and checks
// password hashes by the published formats.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `Usage: go run ./tools/verify [-state FILE | -url URL -invitation CODE [-stack NAME]] [-stage NAME] [-sam-local]

Without flags it verifies what "make dev" runs on this machine. With -url it verifies another, for example a deployed stack:

    go run ./tools/operator invite -role ADMIN -stack NAME      prints an invitation and the URL
    go run ./tools/verify -url URL -invitation CODE -stack NAME

With -stack the stored rows are looked at as well, with your own AWS credentials; without it they are not, and the output says so.
With -sam-local it verifies what "make sam-local" serves beside "make dev", on the same tables.
Both -url and -state: the tables of the one, the URL of the other.

An account of each role, named verify-…, is left behind, signed out; the passwords are random and not kept.

`

// runLimit ends a run against a service that answers, but too slowly to come to an end.
const runLimit = 5 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := realMain(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// realMain returns the exit status: 0 if no step failed, 1 if one did or the run could not begin, 2 for wrong usage.
func realMain(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	where, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	t, err := findTarget(ctx, where)
	if err != nil {
		fmt.Fprintln(stderr, "verify:", err)
		return 1
	}
	fmt.Fprintf(stdout, "verifying %s\n\n", t.url)
	if !newRun(t, time.Now).all(ctx, stdout) {
		return 1
	}
	return 0
}

// location says where the target is to be found, as the flags give it.
type location struct {
	state      string // empty: no state file
	url        string // empty: the state file's
	invitation string // empty: the state file's
	stack      string // empty: none
	stage      string // empty: the stack's, else the template's default
	samLocal   bool
}

// parseFlags has told stderr what is wrong when it returns an error.
func parseFlags(args []string, stderr io.Writer) (location, error) {
	const defaultState = ".local/state.json"
	var where location
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&where.state, "state", "", "state `file` of tools/local (default "+defaultState+" without -url)")
	flags.StringVar(&where.url, "url", "", "base `URL` of the API, with the stage if it has one")
	flags.StringVar(&where.invitation, "invitation", "", "`code` of an unused ADMIN invitation")
	flags.StringVar(&where.stack, "stack", "", "`name` of the CloudFormation stack whose tables to look at")
	flags.StringVar(&where.stage, "stage", "", "`name` of the stage that the records are sealed for (default: the stack's, else "+defaultStage+")")
	flags.BoolVar(&where.samLocal, "sam-local", false, "verify sam local: accept what it answers in place of API Gateway's own refusals, and say so at each")
	if err := flags.Parse(args); err != nil {
		return location{}, err
	}
	problem := ""
	switch {
	case flags.NArg() > 0:
		problem = fmt.Sprintf("unexpected argument %q", flags.Arg(0))
	case where.url == "" && where.invitation != "":
		problem = "-invitation goes with -url"
	case where.url == "" && where.stack != "":
		problem = "-stack goes with -url"
	case where.state != "" && where.stack != "":
		problem = "-state and -stack each name the tables: give one of them"
	case where.url != "" && where.invitation == "" && where.state == "":
		problem = "-url needs -invitation: make one with go run ./tools/operator invite -role ADMIN -stack NAME"
	}
	if problem != "" {
		fmt.Fprintf(stderr, "verify: %s (-h shows the usage)\n", problem)
		return location{}, errors.New(problem)
	}
	if where.url == "" && where.state == "" {
		where.state = defaultState
	}
	return where, nil
}
