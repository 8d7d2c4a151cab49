package lambda

import (
	"os/exec"
	"runtime"
)

// spawner starts processes from one operating system thread that lives as long as the platform. On Linux a child with a parent death
// signal gets it when the thread that started it ends, not the process (prctl(2)), so any other thread would not do.
type spawner struct {
	requests chan spawnRequest
}

type spawnRequest struct {
	command *exec.Cmd
	result  chan error
}

func newSpawner() spawner {
	s := spawner{make(chan spawnRequest)}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, when all children are gone
		for request := range s.requests {
			request.result <- request.command.Start()
		}
	}()
	return s
}

func (s spawner) start(command *exec.Cmd) error {
	result := make(chan error, 1)
	s.requests <- spawnRequest{command, result}
	return <-result
}

func (s spawner) close() { close(s.requests) }
