package child

import (
	"os/exec"
	"syscall"
)

// OwnGroup does nothing: Windows has no process groups of this kind.
func OwnGroup(*exec.Cmd, syscall.Signal) {}

// KillGroup ends the command. One that has ended already is no error.
func KillGroup(command *exec.Cmd) {
	if command.Process != nil {
		command.Process.Kill() //nolint:errcheck // it has ended already: that was the aim
	}
}

// EndGroup ends the command: Windows has no other way to ask.
func EndGroup(command *exec.Cmd) { KillGroup(command) }
