//go:build unix

package lambda

import (
	"os/exec"
	"syscall"
)

// killGroup ends the command's process group. A group that has ended already is no error.
func killGroup(command *exec.Cmd) {
	if command.Process != nil {
		syscall.Kill(-command.Process.Pid, syscall.SIGKILL) //nolint:errcheck // see above
	}
}
