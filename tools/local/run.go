package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"sallyport/tools/local/gateway"
	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// grace is how long requests under way may take to end once the run is told to stop.
const grace = 2 * time.Second

// run serves until ctx is done. hurry cuts the grace short. Whatever it started is gone when it returns.
func run(ctx, hurry context.Context, o options, out *output) (err error) {
	listener, err := listen("-addr", "127.0.0.1:3000", o.address)
	if err != nil {
		return err
	}
	defer listener.Close() //nolint:errcheck // the server has closed it already, unless the start failed
	var samListener net.Listener
	if o.sam != "" {
		if samListener, err = listen("-sam", "127.0.0.1:3001", o.sam); err != nil {
			return err
		}
		defer samListener.Close() //nolint:errcheck // likewise
	}
	state := &stateFile{path: o.state}
	if err := state.check(ctx); err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "sallyport-local-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	s := &system{options: o, out: out, directory: directory}
	defer func() { err = errors.Join(err, s.close()) }()

	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped while starting: that is no failure
		}
		return err
	}
	urls := addresses{own: "http://" + listener.Addr().String()}
	if urls.attached, err = s.serveAttached(ctx); err != nil {
		return err
	}
	var samEnded <-chan struct{} // nil without -sam
	if samListener != nil {
		urls.sam, samEnded = "http://"+samListener.Addr().String(), s.sam.Exited()
	}
	invitations := newInvitations(s.platform, s.stack.API, func(invitation string) error {
		return state.write(s.state(urls, invitation))
	}, out)
	server := newServer(withDeadline(invitations.watch(gateway.New(s.stack.API, deadlineInvoker{s.platform}, gateway.Options{
		Region: template.Region, AccountID: template.AccountID, APIID: "local", Log: s.logRequest, Throttle: s.options.throttle,
	}))), out)
	defer server.Close() //nolint:errcheck // closed already, unless what follows fails
	served := make(chan error, 2)
	go func() { served <- fmt.Errorf("serve %s: %w", urls.own, server.Serve(listener)) }()
	if samListener != nil {
		beside := newServer(invitations.watch(s.samHandler()), out)
		defer beside.Close() //nolint:errcheck // what it is still serving ends with sam local
		go func() { served <- fmt.Errorf("serve %s: %w", urls.sam, beside.Serve(samListener)) }()
	}
	defer func() { err = errors.Join(err, state.remove()) }()
	if err := invitations.renew(ctx); err != nil {
		return err
	}
	go invitations.keepFresh(ctx)
	s.greet(urls, invitations.current())

	select {
	case err := <-served:
		return err
	case <-samEnded:
		return s.sam.Err()
	case <-ctx.Done():
	}
	graceful, cancel := context.WithTimeout(hurry, grace)
	defer cancel()
	if err := server.Shutdown(graceful); err != nil {
		server.Close() //nolint:errcheck // the requests that it cuts off have had their time
	}
	return nil
}

// listen takes the port that a flag gives before anything else is done, so that one in use is known at once. Only loopback addresses are
// served: the system holds real sign-ins, over plain HTTP, with an operator's invitation in a file.
func listen(flag, example, address string) (net.Listener, error) {
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s %s: give it as %s (%w)", flag, address, example, err)
	}
	if !resolved.IP.IsLoopback() {
		return nil, fmt.Errorf("%s %s is not a loopback address, and this server is for this machine only: give it as %s", flag, address, example)
	}
	listener, err := net.ListenTCP("tcp", resolved)
	if err != nil {
		return nil, fmt.Errorf("can't listen on %s: stop what listens there, or choose another address with %s (%w)", address, flag, err)
	}
	return listener, nil
}

// requestLimit is when a request is given up, whatever hangs. It leaves the answer time to arrive within 10 s.
const requestLimit = 9500 * time.Millisecond

func newServer(handler http.Handler, out *output) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       requestLimit,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10, // API Gateway's own limit is 10,240 bytes of values; the gateway refuses those above it
		ErrorLog:          out.logger(),
	}
}

type deadlineKey struct{}

// withDeadline gives each request a time at which its invocations are given up. It is a value of the context and not its deadline, as
// an invocation goes on when its caller hangs up: the gateway cuts it off from the request's end, and keeps its values.
func withDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), deadlineKey{}, time.Now().Add(requestLimit))))
	})
}

// deadlineInvoker gives invocations up at their request's deadline.
type deadlineInvoker struct{ platform *lambda.Platform }

func (d deadlineInvoker) Invoke(ctx context.Context, functionID string, payload []byte) (gateway.Result, error) {
	if deadline, ok := ctx.Value(deadlineKey{}).(time.Time); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	return d.platform.Invoke(ctx, functionID, payload)
}
