package lambda

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"sallyport/tools/local/gateway"
)

// connectionKey is the context key of a request's connection.
type connectionKey struct{}

func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

// runtimeAPI serves the Lambda Runtime API, version 2018-06-01, below /<process token>.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type runtimeAPI struct {
	mu        sync.RWMutex
	processes map[string]*process // by token
}

func (a *runtimeAPI) add(p *process) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.processes[p.token] = p
}

func (a *runtimeAPI) remove(p *process) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.processes, p.token)
}

// ServeHTTP implements http.Handler.
func (a *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, call, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	a.mu.RLock()
	p := a.processes[token]
	a.mu.RUnlock()
	call, known := strings.CutPrefix(call, "2018-06-01/runtime/")
	if p == nil || !known {
		refuse(w, http.StatusNotFound, "NotFound", "no such process or call")
		return
	}
	id, answer, _ := strings.Cut(strings.TrimPrefix(call, "invocation/"), "/")
	switch {
	case r.Method == http.MethodGet && call == "invocation/next":
		next(w, r, p)
	case r.Method == http.MethodPost && call == "init/error":
		initError(w, r, p)
	case r.Method == http.MethodPost && answer == "response":
		respond(w, r, p, id, "")
	case r.Method == http.MethodPost && answer == "error":
		respond(w, r, p, id, unhandled)
	default:
		refuse(w, http.StatusNotFound, "NotFound", "no such call")
	}
}

// next answers when there is work.
func next(w http.ResponseWriter, r *http.Request, p *process) {
	if !p.poll() {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the current invocation has no answer yet")
		return
	}
	select {
	case call := <-p.work:
		if hungUp(r.Context()) || !p.deliver(call) {
			p.kill()
			return
		}
		header := w.Header()
		header["Lambda-Runtime-Aws-Request-Id"] = []string{call.id}
		header["Lambda-Runtime-Deadline-Ms"] = []string{strconv.FormatInt(call.deadline.UnixMilli(), 10)}
		header["Lambda-Runtime-Invoked-Function-Arn"] = []string{p.pool.platform.options.functionARN(p.function.LogicalID)}
		header["Lambda-Runtime-Trace-Id"] = []string{traceID(call)}
		header["Content-Type"] = []string{"application/json"}
		header["Content-Length"] = []string{strconv.Itoa(len(call.payload))}
		w.Write(call.payload) //nolint:errcheck // a process that doesn't read it runs into its timeout
	case <-r.Context().Done():
		p.kill() // an idle process that has hung up takes no more work
	case <-p.killed:
		<-r.Context().Done() // it is being killed: an answer would only make it print that it understands none
	}
}

// traceID gives each invocation a trace of its own, not sampled, in X-Ray's form.
func traceID(call *invocation) string {
	digits := strings.ReplaceAll(call.id, "-", "")
	return "Root=1-" + strconv.FormatInt(call.deadline.Unix(), 16) + "-" + digits[:24] + ";Parent=" + digits[16:] + ";Sampled=0"
}

func respond(w http.ResponseWriter, r *http.Request, p *process, id, functionErr string) {
	body, err := readPayload(w, r)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		failure := functionError{
			Message: "Response payload size exceeded maximum allowed payload size (" + strconv.FormatInt(tooLarge.Limit, 10) + " bytes).",
			Type:    "Function.ResponseSizeTooLarge",
		}
		if p.answer(id, failure.result()) {
			refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", failure.Message)
			return
		}
	} else if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	if r.Trailer.Get("Lambda-Runtime-Function-Error-Type") != "" { // it failed while it was writing its response
		if body, err = base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body")); err != nil {
			refuse(w, http.StatusBadRequest, "InvalidRequest", "the error in the trailer is not base64")
			return
		}
		functionErr = unhandled
	}
	if !p.answer(id, &gateway.Result{Payload: body, FunctionError: functionErr}) {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "this is not the current invocation")
		return
	}
	accept(w)
}

func initError(w http.ResponseWriter, r *http.Request, p *process) {
	body, err := readPayload(w, r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	if !p.failInit(body) {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the function has started")
		return
	}
	accept(w)
}

func readPayload(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(w, r.Body, payloadLimit))
}

func accept(w http.ResponseWriter) {
	w.Header()["Content-Type"] = []string{"application/json"}
	w.WriteHeader(http.StatusAccepted)
	io.WriteString(w, `{"status":"OK"}`) //nolint:errcheck // what has been answered is answered
}

func refuse(w http.ResponseWriter, status int, errorType, message string) {
	w.Header()["Content-Type"] = []string{"application/json"}
	w.WriteHeader(status)
	w.Write(functionError{message, errorType}.result().Payload) //nolint:errcheck // the process will see that something is wrong
}
