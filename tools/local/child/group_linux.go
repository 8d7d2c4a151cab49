package child

import (
	"os/exec"
	"syscall"
)

// OwnGroup makes the command lead a process group, and get the signal when the thread that starts it ends (see Spawner). Systems other
// than Linux don't tell a process of its parent's death: there it is the group alone.
func OwnGroup(command *exec.Cmd, onParentsDeath syscall.Signal) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: onParentsDeath}
}
