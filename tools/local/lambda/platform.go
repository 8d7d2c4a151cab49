// Package lambda runs functions as AWS Lambda does: real bootstrap binaries, each process with one invocation at a time, that fetch
// their work from the Lambda Runtime API.
package lambda

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"sallyport/tools/local/child"
	"sallyport/tools/local/gateway"
	"sallyport/tools/local/template"
)

// payloadLimit bounds a request and a response of a synchronous invocation, in bytes.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const payloadLimit = 6 << 20

// initLimit is how long a process may take to its first poll.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
const initLimit = 10 * time.Second

// ErrClosed is Invoke's error once the platform is closed.
var ErrClosed = errors.New("the local Lambda platform is shutting down")

// ErrRequestTooLarge is Invoke's error for a payload over 6 MB (Lambda's RequestTooLargeException).
var ErrRequestTooLarge = errors.New("the request payload exceeds 6 MB")

// Options place the functions in their surroundings.
type Options struct {
	Region       string
	AccountID    string
	StackName    string            // what functions' names begin with; empty: template.StackName
	Environment  map[string]string // for every function, beside the template's: endpoints
	MaxProcesses int               // for one function; further invocations wait. 0: 4
	Logs         io.Writer         // lines that functions write, each after the function's logical id; nil: nowhere
	InitLimit    time.Duration     // 0: 10 s, as Lambda
}

// Platform runs a stack's functions. It implements gateway.Invoker and is safe for concurrent use.
type Platform struct {
	options  Options
	pools    map[string]*pool
	api      runtimeAPI
	address  string // of the Runtime API: host and port
	server   *http.Server
	spawner  child.Spawner
	closed   chan struct{}
	shutdown sync.Once
}

// New makes the functions ready to start; none is started yet. binaries holds the path of each function's bootstrap (see Build).
// The caller must Close the Platform.
func New(functions []template.Function, binaries map[string]string, o Options) (*Platform, error) {
	if o.MaxProcesses == 0 {
		o.MaxProcesses = 4
	}
	if o.StackName == "" {
		o.StackName = template.StackName
	}
	if o.InitLimit == 0 {
		o.InitLimit = initLimit
	}
	if o.Logs == nil {
		o.Logs = io.Discard
	}
	for _, f := range functions {
		if err := checkEnvironment(f); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the Lambda Runtime API: %w", err)
	}
	p := &Platform{options: o, pools: map[string]*pool{}, address: listener.Addr().String(), closed: make(chan struct{})}
	p.api.processes = map[string]*process{}
	p.server = &http.Server{Handler: &p.api, ReadHeaderTimeout: 10 * time.Second, ConnContext: withConnection}
	logs := &logWriter{out: o.Logs}
	for _, f := range functions {
		p.pools[f.LogicalID] = newPool(p, f, binaries[f.LogicalID], logs)
	}
	p.spawner = child.NewSpawner()
	go p.server.Serve(listener) //nolint:errcheck // returns when the server is closed
	return p, nil
}

// Invoke implements gateway.Invoker. It waits for a free process, starting one if there are fewer than the limit. When ctx ends, Invoke
// returns and the function goes on until it has answered or run into its timeout, as on Lambda.
func (p *Platform) Invoke(ctx context.Context, functionID string, payload []byte) (gateway.Result, error) {
	functions, ok := p.pools[functionID]
	switch {
	case !ok:
		return gateway.Result{}, fmt.Errorf("invoke %s: the template has no such function", functionID)
	case len(payload) > payloadLimit:
		return gateway.Result{}, fmt.Errorf("invoke %s: %w", functionID, ErrRequestTooLarge)
	}
	for {
		proc, failure, err := functions.acquire(ctx)
		if err != nil {
			return gateway.Result{}, fmt.Errorf("invoke %s: %w", functionID, err)
		}
		if failure != nil {
			return gateway.Result{Payload: failure.payload(newRequestID()), FunctionError: unhandled, Cold: true}, nil
		}
		call := newInvocation(payload, proc)
		cold := proc.firstUse()
		proc.give(call)
		select {
		case answer := <-call.answer:
			if answer == nil {
				continue // the process had died while idle: another one does it
			}
			answer.Cold = cold
			return *answer, nil
		case <-ctx.Done():
			return gateway.Result{}, fmt.Errorf("invoke %s: %w", functionID, ctx.Err())
		case <-p.closed:
			return gateway.Result{}, fmt.Errorf("invoke %s: %w", functionID, ErrClosed)
		}
	}
}

// Warm starts each function once, a few at a time, and keeps the process for the first request. Its error names a function that does not
// come to its first poll, the first by logical id if there are several, with what the function itself said last.
func (p *Platform) Warm(ctx context.Context, functions []template.Function) error {
	warming, stop := context.WithCancel(ctx)
	defer stop()
	failures := make([]error, len(functions))
	free := make(chan struct{}, 2*runtime.NumCPU()) // a start computes, and waits
	var starts sync.WaitGroup
	for i, f := range functions {
		free <- struct{}{}
		if warming.Err() != nil {
			break // another one has failed
		}
		starts.Go(func() {
			defer func() { <-free }()
			if err := p.warm(warming, f); err != nil && (warming.Err() == nil || ctx.Err() != nil) {
				failures[i] = err
				stop()
			}
		})
	}
	starts.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (p *Platform) warm(ctx context.Context, f template.Function) error {
	proc, failure, err := p.pools[f.LogicalID].acquire(ctx)
	if err != nil {
		return fmt.Errorf("start %s: %w", f.LogicalID, err)
	}
	if failure != nil {
		return fmt.Errorf("%s (line %d of the template) does not start: %s", f.LogicalID, f.Line, failure.detail())
	}
	proc.firstUse()
	p.pools[f.LogicalID].release(proc)
	return nil
}

// Processes returns the process ids of a function, for tests that kill them.
func (p *Platform) Processes(functionID string) []int {
	return p.pools[functionID].pids()
}

// Close kills every process, waits until all are gone, and fails what is being invoked with ErrClosed.
func (p *Platform) Close() error {
	var err error
	p.shutdown.Do(func() {
		close(p.closed)
		for _, functions := range p.pools {
			functions.close()
		}
		for _, functions := range p.pools {
			functions.running.Wait()
		}
		p.spawner.Close()
		if err = p.server.Close(); err != nil {
			err = fmt.Errorf("close the Lambda Runtime API: %w", err)
		}
	})
	return err
}

func newRequestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var text [36]byte
	hex.Encode(text[0:8], b[0:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:36], b[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}
