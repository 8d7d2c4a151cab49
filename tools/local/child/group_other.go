//go:build unix && !linux

package child

import (
	"os/exec"
	"syscall"
)

// OwnGroup makes the command lead a process group.
func OwnGroup(command *exec.Cmd, _ syscall.Signal) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
