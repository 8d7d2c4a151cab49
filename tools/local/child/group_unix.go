//go:build unix

package child

import (
	"os/exec"
	"syscall"
)

// KillGroup ends the command's process group. A group that has ended already is no error.
func KillGroup(command *exec.Cmd) { signalGroup(command, syscall.SIGKILL) }

// InterruptGroup asks the command's process group to end, as Ctrl-C does.
func InterruptGroup(command *exec.Cmd) { signalGroup(command, syscall.SIGINT) }

func signalGroup(command *exec.Cmd, signal syscall.Signal) {
	if command.Process != nil {
		syscall.Kill(-command.Process.Pid, signal) //nolint:errcheck // the group has ended already: that was the aim
	}
}
