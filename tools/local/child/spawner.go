// Package child starts processes that end with this one, whatever ends it, and take along what they have started themselves.
package child

import (
	"os/exec"
	"runtime"
)

// Spawner starts processes from one operating system thread that lives until Close. On Linux a child with a parent death signal gets it
// when the thread that started it ends, not the process (prctl(2)), so any other thread would not do.
type Spawner struct {
	requests chan spawnRequest
}

type spawnRequest struct {
	command *exec.Cmd
	result  chan error
}

// NewSpawner returns a Spawner that must be closed once its children are gone.
func NewSpawner() Spawner {
	s := Spawner{make(chan spawnRequest)}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for request := range s.requests {
			request.result <- request.command.Start()
		}
	}()
	return s
}

// Start is the command's own Start, on the Spawner's thread.
func (s Spawner) Start(command *exec.Cmd) error {
	result := make(chan error, 1)
	s.requests <- spawnRequest{command, result}
	return <-result
}

// Close ends the thread, and with it the children that still live.
func (s Spawner) Close() { close(s.requests) }
