//go:build unix

package child

import (
	"os/exec"
	"syscall"
)

// KillGroup ends the command's process group. A group that has ended already is no error.
func KillGroup(command *exec.Cmd) { signalGroup(command, syscall.SIGKILL) }

// EndGroup asks the command's process group to end. It is not the signal of Ctrl-C, which a shell has its background commands ignore, and
// what those start.
func EndGroup(command *exec.Cmd) { signalGroup(command, syscall.SIGTERM) }

func signalGroup(command *exec.Cmd, signal syscall.Signal) {
	if command.Process != nil {
		syscall.Kill(-command.Process.Pid, signal) //nolint:errcheck // the group has ended already: that was the aim
	}
}
