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
	"sallyport/tools/local/lambda"
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
}

// start brings the system up to where it can serve: functions built, tables and keys there, each function started once.
func (s *system) start(ctx context.Context) error {
	keyIDs := map[string]string{}
	if err := s.load(keyIDs); err != nil {
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
	if s.backends, err = startBackends(s.options.dynamoDB, s.options.kms); err != nil {
		return err
	}
	for _, key := range slices.Concat(s.stack.Keys, s.attached.Keys) {
		if keyIDs[key.LogicalID], err = s.backends.createKey(ctx); err != nil {
			return err
		}
	}
	// Read again, now that the keys have ids for the functions' environments.
	if err := s.load(keyIDs); err != nil {
		return err
	}
	for _, table := range slices.Concat(s.stack.Tables, s.attached.Tables) {
		if err := s.backends.createTable(ctx, table); err != nil {
			return err
		}
	}
	var logs io.Writer
	if !s.options.quiet {
		logs = s.out
	}
	s.platform, err = lambda.New(s.functions(), binaries, lambda.Options{
		Region: template.Region, AccountID: template.AccountID, MaxProcesses: s.options.maxProcesses, Logs: logs,
		Environment: map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": s.backends.dynamoDBURL, "AWS_ENDPOINT_URL_KMS": s.backends.kmsURL},
	})
	if err != nil {
		return err
	}
	return s.platform.Warm(ctx, s.functions())
}

// functions are those of both templates.
func (s *system) functions() []template.Function {
	return slices.Concat(s.stack.Functions, s.attached.Functions)
}

// load reads the template, and the attached one if there is one.
func (s *system) load(keyIDs map[string]string) (err error) {
	o := template.Options{Parameters: s.options.parameters, Physical: func(logicalID, resourceType string) string {
		if resourceType == "AWS::KMS::Key" {
			return keyIDs[logicalID]
		}
		return template.StackName + "-" + logicalID
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
	if s.platform != nil {
		err = s.platform.Close()
	}
	if s.backends != nil {
		err = errors.Join(err, s.backends.close())
	}
	return err
}

// state is what other programs are told. Tables go by their logical id without "Table".
func (s *system) state(url, attachedURL, invitation string) state {
	tables := map[string]string{}
	for _, table := range s.stack.Tables {
		tables[strings.TrimSuffix(table.LogicalID, "Table")] = table.Name
	}
	st := state{
		URL: url, AttachedURL: attachedURL, PID: os.Getpid(), AdminInvitation: invitation,
		DynamoDBURL: s.backends.dynamoDBURL, KMSURL: s.backends.kmsURL, Tables: tables,
	}
	if len(s.stack.Keys) > 0 {
		st.KMSKeyID = s.stack.Keys[0].ID
	}
	return st
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

func (s *system) greet(url, attachedURL, invitation string) {
	var text strings.Builder
	fmt.Fprintf(&text, "\nSallyport answers on %s (Ctrl-C stops it)\n", url)
	if attachedURL != "" {
		fmt.Fprintf(&text, "%s answers on %s\n", s.options.attach, attachedURL)
	}
	if s.options.dynamoDB != "" && s.options.kms == "" {
		text.WriteString("Note: the embedded KMS forgets its keys at the end, so what this run seals in your DynamoDB can't be opened by the next.\n")
	}
	if invitation != "" {
		fmt.Fprintf(&text, "ADMIN invitation, good for one registration: %s\n", invitation)
	}
	fmt.Fprintf(&text, "Where everything is: %s\n", s.options.state)
	fmt.Fprintf(&text, "Try:\n  curl -sS -H 'Content-Type: application/json' -d '{\"username\":\"ana\",\"password\":\"correct horse battery staple\"}' %s/register\n\n", url)
	s.out.printf("%s", text.String())
}
