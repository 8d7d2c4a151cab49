package lambda

import (
	"encoding/json"
	"fmt"
	"time"

	"sallyport/tools/local/gateway"
)

// unhandled is the function error of every failure: of a handler that returned an error too.
const unhandled = "Unhandled"

// invocation is one call of a function.
type invocation struct {
	id       string // request id
	payload  []byte
	deadline time.Time
	answer   chan *gateway.Result // holds one, so that answering never blocks; nil: no process has seen the invocation
}

func newInvocation(payload []byte, p *process) *invocation {
	return &invocation{id: newRequestID(), payload: payload, deadline: time.Now().Add(p.function.Timeout), answer: make(chan *gateway.Result, 1)}
}

// functionError is an error in the form that Lambda gives it.
type functionError struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

func (e functionError) result() *gateway.Result {
	payload, err := json.Marshal(e)
	if err != nil {
		panic(err) // two strings always marshal
	}
	return &gateway.Result{Payload: payload, FunctionError: unhandled}
}

func (i *invocation) timedOut(timeout time.Duration) *gateway.Result {
	return functionError{
		Message: fmt.Sprintf("%s %s Task timed out after %.2f seconds", i.deadline.UTC().Format("2006-01-02T15:04:05.000Z"), i.id, timeout.Seconds()),
		Type:    "Sandbox.Timedout",
	}.result()
}

func (i *invocation) exited(status string) *gateway.Result {
	return functionError{
		Message: fmt.Sprintf("RequestId: %s Error: Runtime exited with error: %s", i.id, status),
		Type:    "Runtime.ExitError",
	}.result()
}

// startFailure is why a process never came to its first poll.
type startFailure struct {
	reported []byte // what the process posted to /runtime/init/error; may be nil
	status   string // how it ended, as "exit status 1"
	lastLine string // the last it wrote; may be empty
}

// payload is what the invocation that waited for the process gets.
func (f *startFailure) payload(requestID string) []byte {
	if f.reported != nil {
		return f.reported
	}
	return functionError{
		Message: fmt.Sprintf("RequestId: %s Error: Runtime exited with error: %s", requestID, f.status),
		Type:    "Runtime.ExitError",
	}.result().Payload
}

// detail is for the person who starts the run.
func (f *startFailure) detail() string {
	switch {
	case f.reported != nil:
		return string(f.reported)
	case f.lastLine != "":
		return f.lastLine + " (" + f.status + ")"
	}
	return f.status
}
