// Command operator does what only the holder of a deployed stack's AWS credentials may do. It works with those credentials
// alone, never through the API.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// command is one subcommand.
type command struct {
	name, summary string
	limit         time.Duration // how long it may take
	run           func(ctx context.Context, args []string, out output) error
}

// commands lists the subcommands in the order of the help text.
func commands() []command {
	return []command{
		{"invite", "make an invitation to register with a role: the first ADMIN's", aHandful, invite},
		{"show", "show an account and its sessions", aHandful, show},
		{"unthrottle", "let somebody try again who gets 429", aHandful, unthrottle},
		{"revoke", "end one session, all sessions of an account, or everybody's", allRows, revoke},
		disable(), enable(), role(), remove(),
		{"restore", "bring accounts back from an older copy of the table", allRows, restore},
	}
}

// output is where a command prints.
type output struct{ stdout, stderr io.Writer }

// errUsage means that the arguments are wrong and the user has been told how.
var errUsage = errors.New("wrong usage")

// How long a command may take: a handful of AWS calls, or some for each row of a table. Whatever is interrupted can be run again.
const (
	aHandful = time.Minute
	allRows  = time.Hour
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := realMain(ctx, os.Args[1:], output{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// realMain returns the exit status: 0 if the command did its work, 1 if it could not, 2 for wrong usage.
func realMain(ctx context.Context, args []string, out output) int {
	err := dispatch(ctx, args, out)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	}
	fmt.Fprintln(out.stderr, "operator:", err)
	return 1
}

func dispatch(ctx context.Context, args []string, out output) error {
	if len(args) == 0 {
		printUsage(out.stderr)
		return errUsage
	}
	switch args[0] {
	case "-h", "-help", "--help", "help":
		printUsage(out.stdout)
		return flag.ErrHelp
	}
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == args[0] })
	if i < 0 {
		fmt.Fprintf(out.stderr, "operator: there is no command %q\n\n", args[0])
		printUsage(out.stderr)
		return errUsage
	}
	ctx, cancel := context.WithTimeout(ctx, all[i].limit)
	defer cancel()
	return all[i].run(ctx, args[1:], out)
}

func printUsage(w io.Writer) {
	fmt.Fprint(w, "Usage: go run ./tools/operator COMMAND [flags]      (COMMAND -h shows the flags)\n\n"+
		"Works on a deployed stack with your own AWS credentials.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "    %-10s %s\n", c.name, c.summary)
	}
}

// parse reads a command's flags. What is wrong with them it has told the user; the error is errUsage or flag.ErrHelp.
func parse(flags *flag.FlagSet, args []string, required ...string) error {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	problem := ""
	if flags.NArg() > 0 {
		problem = fmt.Sprintf("unexpected argument %q", flags.Arg(0))
	}
	for _, name := range required {
		if flags.Lookup(name).Value.String() == "" {
			problem = "-" + name + " is missing"
		}
	}
	if problem != "" {
		return misused(flags, problem)
	}
	return nil
}

// misused tells the user what is wrong with the flags.
func misused(flags *flag.FlagSet, problem string) error {
	fmt.Fprintf(flags.Output(), "operator %s: %s (-h shows the usage)\n", flags.Name(), problem)
	return errUsage
}
