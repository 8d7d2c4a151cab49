package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"sallyport/tools/local/gateway"
	"sallyport/tools/local/iam"
	"sallyport/tools/local/lambda"
	"sallyport/tools/local/sam"
	"sallyport/tools/local/template"
)

// system is everything behind the API.
type system struct {
	options   options
	out       *output
	directory string // for the built functions
	stack     *template.Stack
	attached  *template.Stack // empty if there is no -attach
	backends  *backends
	platform  *lambda.Platform
	sam       *sam.API // nil without -sam

	newKey   bool // a key of the stack had to be made
	oldTable bool // a table of the stack was there
}

// start brings the system up to where it can serve: functions built, tables and keys there, each function started once.
func (s *system) start(ctx context.Context) error {
	if s.options.sam != "" {
		if err := sam.Check(ctx); err != nil { // before anything that takes long
			return err
		}
	}
	if err := s.load(nil); err != nil {
		return err
	}
	if err := s.checkRules(ctx); err != nil {
		return err
	}
	s.out.printf("Building %d functions…\n", len(s.functions()))
	binaries, err := lambda.Build(ctx, s.directory, s.functions())
	if err != nil {
		return err
	}
	if s.backends, err = startBackends(s.options.dynamoDB, s.options.kms, s.printDenial); err != nil {
		return err
	}
	keyIDs, err := s.findKeys(ctx)
	if err != nil {
		return err
	}
	// Read again, now that the keys have ids for the functions' environments and policies.
	if err := s.load(keyIDs); err != nil {
		return err
	}
	s.backends.enforce(s.options.stack, s.functions())
	if err := s.createTables(ctx); err != nil {
		return err
	}
	s.platform, err = lambda.New(s.functions(), binaries, lambda.Options{
		Region: template.Region, AccountID: template.AccountID, StackName: s.options.stack, MaxProcesses: s.options.maxProcesses, Logs: s.logs(),
		Environment: map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": s.backends.functions.dynamoDBURL, "AWS_ENDPOINT_URL_KMS": s.backends.functions.kmsURL},
	})
	if err != nil {
		return err
	}
	if err := s.platform.Warm(ctx, s.functions()); err != nil {
		return err
	}
	if s.options.sam != "" {
		return s.startSAM(ctx)
	}
	return nil
}

// findKeys returns the ids of the templates' keys, by logical id. What is not there is made.
func (s *system) findKeys(ctx context.Context) (map[string]string, error) {
	ids := map[string]string{}
	for _, key := range slices.Concat(s.stack.Keys, s.attached.Keys) {
		id, found, err := s.backends.key(ctx, key)
		if err != nil {
			return nil, err
		}
		ids[key.LogicalID] = id
		s.newKey = s.newKey || !found
	}
	return ids, nil
}

// createTables makes the templates' tables that are not there.
func (s *system) createTables(ctx context.Context) error {
	for _, table := range slices.Concat(s.stack.Tables, s.attached.Tables) {
		found, err := s.backends.createTable(ctx, table)
		if err != nil {
			return err
		}
		s.oldTable = s.oldTable || found
	}
	return nil
}

// logs is where functions write.
func (s *system) logs() io.Writer {
	if s.options.quiet {
		return io.Discard
	}
	return s.out
}

// functions are those of both templates.
func (s *system) functions() []template.Function {
	return slices.Concat(s.stack.Functions, s.attached.Functions)
}

// load reads the template, and the attached one if there is one. Keys have no ids before they are found.
func (s *system) load(keyIDs map[string]string) (err error) {
	o := template.Options{StackName: s.options.stack, Parameters: s.options.parameters, Physical: func(logicalID, resourceType string) string {
		if resourceType == "AWS::KMS::Key" {
			return keyIDs[logicalID]
		}
		return s.options.stack + "-" + logicalID
	}}
	if s.stack, err = template.Load(s.options.template, o); err != nil {
		return err
	}
	s.attached, err = attach(s.options.attach, s.stack, o)
	return err
}

// close stops what start started, in reverse order.
func (s *system) close() error {
	var err error
	if s.sam != nil {
		err = s.sam.Stop()
	}
	if s.platform != nil {
		err = errors.Join(err, s.platform.Close())
	}
	if s.backends != nil {
		err = errors.Join(err, s.backends.close())
	}
	return err
}

// addresses are the URLs of what is served; empty for what is not.
type addresses struct{ own, attached, sam string }

// state is what other programs are told. Tables go by their logical id without "Table".
func (s *system) state(urls addresses, invitation string) state {
	tables := map[string]string{}
	for _, table := range s.stack.Tables {
		tables[strings.TrimSuffix(table.LogicalID, "Table")] = table.Name
	}
	st := state{
		URL: urls.own, AttachedURL: urls.attached, SAMURL: urls.sam, PID: os.Getpid(), AdminInvitation: invitation,
		DynamoDBURL: s.backends.dynamoDBURL, KMSURL: s.backends.kmsURL, Tables: tables,
	}
	if len(s.stack.Keys) > 0 {
		st.KMSKeyID = s.stack.Keys[0].ID
	}
	return st
}

// printDenial says which function tried what its policies do not allow. A quiet run says it too: it is a fault of function or template.
func (s *system) printDenial(d iam.Denial) {
	file := s.options.template
	if slices.ContainsFunc(s.attached.Functions, func(f template.Function) bool { return f.LogicalID == d.FunctionID }) {
		file = s.options.attach
	}
	s.out.printf("local: %s (%s:%d)\n", d, file, d.Line)
}

func (s *system) logRequest(line gateway.RequestLine) {
	if s.options.quiet {
		return
	}
	start, problem := "warm", ""
	if line.Cold {
		start = "cold"
	}
	if line.Problem != "" {
		problem = " (" + line.Problem + ")"
	}
	s.out.printf("%s %s %s %d %.1f ms %s%s\n", line.Time.Format("15:04:05"), line.Method, line.Path, line.Status,
		float64(line.Duration.Microseconds())/1000, start, problem)
}

func (s *system) greet(urls addresses, invitation string) {
	var text strings.Builder
	fmt.Fprintf(&text, "\nSallyport answers on %s (Ctrl-C stops it)\n", urls.own)
	if urls.attached != "" {
		fmt.Fprintf(&text, "%s answers on %s\n", s.options.attach, urls.attached)
	}
	if urls.sam != "" {
		fmt.Fprintf(&text, "sam local answers on %s, with the same accounts and tokens\n", urls.sam)
	}
	if s.options.dynamoDB != "" && s.options.kms == "" {
		text.WriteString("Note: the embedded KMS forgets its keys at the end, so what this run seals in your DynamoDB can't be opened by the next.\n")
	}
	if s.oldTable && s.newKey {
		fmt.Fprintf(&text, "Note: the tables of %s were there already, and its key was not. What they hold can't be opened, so that nobody can sign in: choose another name with -stack, or begin with an empty DynamoDB.\n", s.options.stack)
	}
	if invitation != "" {
		fmt.Fprintf(&text, "ADMIN invitation, good for one registration: %s\n", invitation)
	}
	fmt.Fprintf(&text, "Where everything is: %s\n", s.options.state)
	fmt.Fprintf(&text, "Try:\n  curl -sS -H 'Content-Type: application/json' -d '{\"username\":\"ana\",\"password\":\"correct horse battery staple\"}' %s/register\n\n", urls.own)
	s.out.printf("%s", text.String())
}
