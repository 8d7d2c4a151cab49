package dynamotest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
)

// Call is one request on the wire.
type Call struct {
	Operation string // PutItem, TransactWriteItems, …
	Body      []byte
	Number    int // of this operation's calls, from 1
}

// Fault answers in place of the server, or lets it answer by calling pass. The context is the request's.
type Fault func(ctx context.Context, call Call, pass func() (*http.Response, error)) (*http.Response, error)

// Wire carries requests to the server and answers back. It keeps what went over it, and lets a Fault intervene. It is safe
// for concurrent use.
type Wire struct {
	mu    sync.Mutex
	fault Fault
	calls []Call
}

// Set makes the wire fail as fault says from now on; nil mends it.
func (w *Wire) Set(fault Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = fault
}

// Calls returns the requests so far and forgets them.
func (w *Wire) Calls() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	return calls
}

// RoundTrip implements http.RoundTripper.
func (w *Wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	call := Call{Operation: operation, Body: body, Number: 1}
	w.mu.Lock()
	for _, earlier := range w.calls {
		if earlier.Operation == operation {
			call.Number++
		}
	}
	w.calls = append(w.calls, call)
	fault := w.fault
	w.mu.Unlock()
	pass := func() (*http.Response, error) { return http.DefaultTransport.RoundTrip(r) }
	if fault == nil {
		return pass()
	}
	return fault(r.Context(), call, pass)
}

// First lets fault intervene in the first n calls since the last Calls, of each operation; the server answers the rest.
func First(n int, fault Fault) Fault {
	return func(ctx context.Context, call Call, pass func() (*http.Response, error)) (*http.Response, error) {
		if call.Number > n {
			return pass()
		}
		return fault(ctx, call, pass)
	}
}

// Answers is a Fault that gives an error answer of DynamoDB's: its status and its short name.
func Answers(status int, name string) Fault {
	return func(context.Context, Call, func() (*http.Response, error)) (*http.Response, error) {
		return answer(status, name, "")
	}
}

// Cancels is a Fault that cancels a transaction for the given reasons, in the order of its actions.
func Cancels(codes ...string) Fault {
	reasons := make([]string, len(codes))
	for i, code := range codes {
		reasons[i] = `{"Code":"` + code + `"}`
	}
	return func(context.Context, Call, func() (*http.Response, error)) (*http.Response, error) {
		return answer(http.StatusBadRequest, "TransactionCanceledException", `,"CancellationReasons":[`+strings.Join(reasons, ",")+`]`)
	}
}

// Loses is a Fault that lets the server do what it is asked, and loses its answer.
func Loses(ctx context.Context, call Call, pass func() (*http.Response, error)) (*http.Response, error) {
	response, err := pass()
	if err != nil {
		return nil, err
	}
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	return Resets(ctx, call, pass)
}

// Resets is a Fault that resets the connection.
func Resets(context.Context, Call, func() (*http.Response, error)) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

// Hangs is a Fault that never answers.
func Hangs(ctx context.Context, _ Call, _ func() (*http.Response, error)) (*http.Response, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func answer(status int, name, members string) (*http.Response, error) {
	body := `{"__type":"com.amazonaws.dynamodb.v20120810#` + name + `","message":"made up"` + members + `}`
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:   io.NopCloser(strings.NewReader(body)),
	}, nil
}
