package lambda

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the command lead a process group, and die with the thread that starts it (see spawner).
func ownGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
