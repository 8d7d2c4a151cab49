package lambda

import (
	"context"
	"slices"
	"sync"
	"time"

	"sallyport/tools/local/template"
)

// pool holds the processes of one function.
type pool struct {
	platform *Platform
	function template.Function
	binary   string
	logs     *logWriter
	running  sync.WaitGroup // processes not yet gone

	mu        sync.Mutex
	processes map[*process]bool // all that live
	idle      []*process        // last used last
	waiting   []*waiter         // first come first
	starting  int
	finishing int // have answered and are about to poll
	closed    bool
}

// patience is how long an invocation waits for a process that has just answered before it has another one started. Between a process's
// answer and its next poll lie microseconds; without this, calls one after the other would start processes without need.
const patience = 20 * time.Millisecond

// waiter is an invocation without a process. Exactly one of the two is sent, unless the platform closes.
type waiter struct {
	process chan *process
	failure chan *startFailure
}

func newPool(p *Platform, f template.Function, binary string, logs *logWriter) *pool {
	return &pool{platform: p, function: f, binary: binary, logs: logs, processes: map[*process]bool{}}
}

// acquire takes the process used last among the idle ones, since its caches are the freshest, or waits for one. The failure is that of a
// process that was started for this call, or for one that has since found another.
func (p *pool) acquire(ctx context.Context) (*process, *startFailure, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, nil, ErrClosed
	}
	if last := len(p.idle) - 1; last >= 0 {
		proc := p.idle[last]
		p.idle = p.idle[:last]
		p.mu.Unlock()
		return proc, nil, nil
	}
	w := &waiter{make(chan *process, 1), make(chan *startFailure, 1)}
	p.waiting = append(p.waiting, w)
	p.grow(p.finishing)
	if p.finishing > 0 {
		time.AfterFunc(patience, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.grow(0)
		})
	}
	p.mu.Unlock()
	select {
	case proc := <-w.process:
		return proc, nil, nil
	case failure := <-w.failure:
		return nil, failure, nil
	case <-p.platform.closed:
		return nil, nil, ErrClosed
	case <-ctx.Done():
		p.abandon(w)
		return nil, nil, ctx.Err()
	}
}

// abandon withdraws a waiter. If it has just been given a process, that one is passed on.
func (p *pool) abandon(w *waiter) {
	p.mu.Lock()
	p.waiting = slices.DeleteFunc(p.waiting, func(other *waiter) bool { return other == w })
	p.mu.Unlock()
	select {
	case proc := <-w.process:
		p.release(proc)
	default:
	}
}

// grow starts a process for each waiter that none is being started for, or expected soon, within the limit. The caller holds the lock.
func (p *pool) grow(expected int) {
	for !p.closed && p.starting+expected < len(p.waiting) && len(p.processes) < p.platform.options.MaxProcesses {
		proc := newProcess(p)
		p.processes[proc] = true
		p.starting++
		p.running.Add(1)
		go proc.run()
	}
}

// started is called when a process polls for the first time.
func (p *pool) started(proc *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starting--
	p.offer(proc)
}

// answered is called when a process has answered, again when it has polled after that.
func (p *pool) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finishing++
}

func (p *pool) again(proc *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finishing--
	p.offer(proc)
}

// release gives back a process that was acquired and not used.
func (p *pool) release(proc *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offer(proc)
}

// offer gives an idle process to the first waiter, or keeps it. The caller holds the lock.
func (p *pool) offer(proc *process) {
	if !p.processes[proc] {
		return // it died meanwhile
	}
	if len(p.waiting) > 0 {
		first := p.waiting[0]
		p.waiting = p.waiting[1:]
		first.process <- proc
		return
	}
	p.idle = append(p.idle, proc)
}

// gone is called when a process has ended; failure says why, if it ended before its first poll. Then one waiter gets the failure, so
// that a function that never starts is started once an invocation and no more.
func (p *pool) gone(proc *process, finishing bool, failure *startFailure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if finishing {
		p.finishing--
	}
	delete(p.processes, proc)
	p.idle = slices.DeleteFunc(p.idle, func(other *process) bool { return other == proc })
	if failure != nil {
		p.starting--
		if len(p.waiting) > 0 {
			first := p.waiting[0]
			p.waiting = p.waiting[1:]
			first.failure <- failure
		}
	}
	p.grow(p.finishing)
}

func (p *pool) pids() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var pids []int
	for proc := range p.processes {
		if pid := proc.pid.Load(); pid != 0 {
			pids = append(pids, int(pid))
		}
	}
	return pids
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for proc := range p.processes {
		proc.kill()
	}
}
