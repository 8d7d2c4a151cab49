package lambda

import (
	"io"
	"testing"
	"time"

	"sallyport/tools/local/template"
)

// Between taking an invocation for a process and sending it lies a moment in which the process can end.
func TestAnInvocationThatWasTakenAndNotSentIsDoneByAnotherProcess(t *testing.T) {
	for what, c := range map[string]struct {
		sent bool
		want bool // an error is its answer
	}{"taken": {false, false}, "sent": {true, true}} {
		functions := newPool(&Platform{}, template.Function{LogicalID: "Echo", Timeout: time.Minute}, "", &logWriter{out: io.Discard})
		p := newProcess(functions)
		functions.processes[p] = true
		functions.starting++
		if !p.poll() {
			t.Fatal("an idle process may not poll")
		}
		call := newInvocation([]byte(`{}`), p)
		p.give(call)
		<-p.work // as the Runtime API's handler does
		if c.sent && !p.deliver(call) {
			t.Errorf("%s: a living process gets nothing", what)
		}
		p.finish("signal: killed", "")
		if answer := <-call.answer; (answer != nil) != c.want {
			t.Errorf("%s: the answer is %+v", what, answer)
		}
		if p.deliver(call) {
			t.Errorf("%s: the dead get work", what)
		}
	}
}
