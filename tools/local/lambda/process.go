package lambda

import (
	"crypto/rand"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sallyport/tools/local/child"
	"sallyport/tools/local/gateway"
	"sallyport/tools/local/template"
)

// process is one bootstrap process. It goes from starting, by its first poll, to idle, then between busy and idle until it ends.
type process struct {
	pool     *pool
	function template.Function
	token    string // names the process in the Runtime API's address; nobody else knows it
	work     chan *invocation
	pid      atomic.Int64
	killed   chan struct{} // closed by kill
	killOnce sync.Once
	used     atomic.Bool

	mu       sync.Mutex
	polled   bool        // has come to its first poll
	ended    bool        // what comes now finds nobody
	current  *invocation // given and not yet answered
	serving  *invocation // given and not yet followed by a poll
	sent     *invocation // the last that the process may have seen
	timer    *time.Timer // ends the process at the deadline of what it is serving
	timeout  bool        // the timer did
	reported []byte      // posted to /runtime/init/error
}

func newProcess(p *pool) *process {
	return &process{pool: p, function: p.function, token: rand.Text(), work: make(chan *invocation, 1), killed: make(chan struct{})}
}

// firstUse tells whether the process has not been used yet, and marks it as used.
func (p *process) firstUse() bool { return !p.used.Swap(true) }

// run starts the process and waits until it has ended.
func (p *process) run() {
	defer p.pool.running.Done()
	platform := p.pool.platform
	platform.api.add(p)
	defer platform.api.remove(p)

	taskRoot := filepath.Dir(p.pool.binary)
	// The address carries a path after host and port: all processes share one listener, which knows each by its token, and no other
	// program on the machine can take a function's work. The Go runtime client appends its paths to whatever the variable holds.
	command := exec.Command(p.pool.binary)
	command.Dir = taskRoot
	command.Env = platform.options.environment(p.function, taskRoot, platform.address+"/"+p.token)
	lines := p.pool.logs.of(p.function.LogicalID)
	command.Stdout, command.Stderr = lines, lines
	if platform.options.Logs == io.Discard {
		command.Stdout = nil // the log goes there, and costs two wake-ups a line; why a process ended it says on standard error
	}
	command.WaitDelay = time.Second // for what it may have started and left holding its output
	child.OwnGroup(command, syscall.SIGKILL)

	var status string
	if err := platform.spawner.Start(command); err != nil {
		status = err.Error()
	} else {
		p.pid.Store(int64(command.Process.Pid))
		init := time.AfterFunc(platform.options.InitLimit, func() {
			if !p.hasPolled() {
				p.kill()
			}
		})
		done := make(chan struct{})
		go func() {
			select {
			case <-p.killed:
				child.KillGroup(command)
			case <-done:
			}
		}()
		err := command.Wait()
		close(done)
		child.KillGroup(command) // what it started goes with it
		status = exitStatus(err)
		init.Stop()
	}
	lines.flush()
	p.finish(status, lines.last())
}

// exitStatus says how a process ended, as Lambda words it.
func exitStatus(err error) string {
	exit, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return "exit status 0"
	case ok:
		return exit.Error()
	}
	return err.Error()
}

// finish gives whoever waits for the process the news that it has ended.
func (p *process) finish(status, lastLine string) {
	p.mu.Lock()
	p.ended = true
	if p.timer != nil {
		p.timer.Stop()
	}
	call, timeout, polled, finishing := p.current, p.timeout, p.polled, p.serving != nil && p.current == nil
	seen := p.sent == call
	p.current = nil
	reported := p.reported
	p.mu.Unlock()
	switch {
	case call == nil:
	case timeout:
		call.answer <- call.timedOut(p.function.Timeout)
	case !seen:
		call.answer <- nil
	default:
		call.answer <- call.exited(status)
	}
	if polled {
		p.pool.gone(p, finishing, nil)
		return
	}
	select {
	case <-p.killed:
		status = "no first poll within " + p.pool.platform.options.InitLimit.String()
	default:
	}
	p.pool.gone(p, false, &startFailure{reported: reported, status: status, lastLine: lastLine})
}

// kill ends the process and everything it started. It does not wait.
func (p *process) kill() { p.killOnce.Do(func() { close(p.killed) }) }

// give hands an idle process its next invocation. From now on its deadline runs, until it polls again. A nil answer means that the
// process ended without having seen the invocation.
func (p *process) give(call *invocation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		call.answer <- nil
		return
	}
	p.current, p.serving = call, call
	p.timer = time.AfterFunc(time.Until(call.deadline), func() { p.expire(call) })
	p.work <- call // never blocks: an idle process has none
}

// deliver notes that an invocation is about to be sent to the process. It is false if the process has ended: whoever waits for the
// invocation has then been told that no process has seen it.
func (p *process) deliver(call *invocation) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return false
	}
	p.sent = call
	return true
}

func (p *process) expire(call *invocation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.serving != call {
		return // too late: it has polled meanwhile
	}
	p.timeout = p.current == call
	p.kill()
}

func (p *process) hasPolled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.polled
}

// poll notes that the process asks for work. It is false if the process still owes an answer.
func (p *process) poll() bool {
	p.mu.Lock()
	if p.current != nil || p.ended {
		p.mu.Unlock()
		return false
	}
	first, wasServing := !p.polled, p.serving != nil
	p.polled, p.serving = true, nil
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	if first {
		p.pool.started(p)
	} else if wasServing {
		p.pool.again(p)
	}
	return true
}

// answer settles the current invocation. It is false if id is not that of the current one: answered already, or never given.
func (p *process) answer(id string, result *gateway.Result) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.current.id != id {
		return false
	}
	p.pool.answered() // before the caller hears of it
	p.current.answer <- result
	p.current = nil
	return true
}

// failInit keeps what the process says of its failing start. It is false once it has polled.
func (p *process) failInit(report []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.polled {
		return false
	}
	p.reported = report
	return true
}
