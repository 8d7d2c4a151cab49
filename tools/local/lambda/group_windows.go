package lambda

import "os/exec"

// ownGroup does nothing: Windows has no process groups of this kind.
func ownGroup(*exec.Cmd) {}

// killGroup ends the command. One that has ended already is no error.
func killGroup(command *exec.Cmd) {
	if command.Process != nil {
		command.Process.Kill() //nolint:errcheck // see above
	}
}
