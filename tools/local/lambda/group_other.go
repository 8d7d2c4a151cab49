//go:build unix && !linux

package lambda

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the command lead a process group.
func ownGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
