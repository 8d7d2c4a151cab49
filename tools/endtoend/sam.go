package endtoend

import "os"

// SAMIsWanted tells whether the tests that need SAM and a Docker engine are to run, and says in the test's log how to have them run if
// not. They take minutes and may fetch an image, so that on a person's machine they wait to be asked for; in CI they must run.
func SAMIsWanted(t interface{ Log(arguments ...any) }) bool {
	if os.Getenv("SAM_LOCAL") == "" && os.Getenv("CI") == "" {
		t.Log("left out: make test-sam runs it, where SAM and a Docker engine are there")
		return false
	}
	return true
}
