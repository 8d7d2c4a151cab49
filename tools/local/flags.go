package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"

	"sallyport/tools/local/template"
)

// options are the command line's.
type options struct {
	address      string
	template     string
	stack        string // its name
	attach       string // template of another API that asks the same authorizer; empty: none
	parameters   parameters
	dynamoDB     string // URL of a server that runs already; empty: embedded
	kms          string // likewise
	sam          string // address of sam local; empty: it is not run
	state        string
	quiet        bool
	throttle     bool
	maxProcesses int
}

// parameters collects -param Name=Value.
type parameters map[string]string

func (p parameters) String() string { return "" }

func (p parameters) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return errors.New("give it as Name=Value")
	}
	p[name] = value
	return nil
}

func parseFlags(arguments []string, help io.Writer) (options, error) {
	o := options{parameters: parameters{}}
	flags := flag.NewFlagSet("local", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, made by the caller
	flags.StringVar(&o.address, "addr", "127.0.0.1:3000", "`address` to serve on; loopback only, and port 0 is any free one")
	flags.StringVar(&o.template, "template", "template.yaml", "the SAM template `file`")
	flags.StringVar(&o.stack, "stack", template.StackName, "`name` of the stack: runs that share a -dynamodb and a -kms share what they hold if they have one name, and nothing else")
	flags.StringVar(&o.attach, "attach", "", "template `file` of another API that asks this one's authorizer; it is served beside this one, on a free port")
	flags.Var(o.parameters, "param", "override a template parameter, as `Name=Value`; may be repeated")
	flags.StringVar(&o.dynamoDB, "dynamodb", "", "`URL` of a DynamoDB that runs already, instead of the embedded one (DynamoDB Local needs -sharedDb)")
	flags.StringVar(&o.kms, "kms", "", "`URL` of a KMS that runs already, instead of the embedded one")
	flags.StringVar(&o.sam, "sam", "", "`address` on which sam local serves the API too, on the same tables and keys (make sam-local builds for it first)")
	flags.StringVar(&o.state, "state", ".local/state.json", "`file` that tells other programs where everything is, while it runs")
	flags.BoolVar(&o.quiet, "quiet", false, "print neither requests nor function logs")
	flags.BoolVar(&o.throttle, "throttle", false, "limit each route's requests as the template says; without it a load test measures the functions, not the limit")
	flags.IntVar(&o.maxProcesses, "pool", 4, "most `processes` of one function")
	err := flags.Parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(help)
		flags.PrintDefaults()
		return options{}, err
	case err != nil:
		return options{}, fmt.Errorf("%w (-h lists the options)", err)
	case flags.NArg() > 0:
		return options{}, fmt.Errorf("unexpected argument %q (-h lists the options)", flags.Arg(0))
	case o.maxProcesses < 1:
		return options{}, fmt.Errorf("-pool %d: a function needs at least one process", o.maxProcesses)
	}
	if err := template.CheckStackName(o.stack); err != nil {
		return options{}, fmt.Errorf("-stack: %w", err)
	}
	for name, given := range map[string]string{"-dynamodb": o.dynamoDB, "-kms": o.kms} {
		if u, err := url.Parse(given); given != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			return options{}, fmt.Errorf("%s %s: give a URL as http://127.0.0.1:8000", name, given)
		}
	}
	return o, nil
}
