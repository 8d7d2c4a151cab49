package sam

import (
	"slices"
	"strings"
)

// tailSize is how much is kept of what SAM said: some screens.
const tailSize = 8 << 10

// tail keeps the end of what is written to it. It is for one goroutine at a time.
type tail struct{ text []byte }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = slices.Delete(t.text, 0, max(0, len(t.text)-tailSize))
	return len(p), nil
}

// reason is why SAM ended, in a line: the last one that it calls an error, which a hint at a newer release may follow, or else its last
// one.
func (t *tail) reason() string {
	reason, isError := "it did not say why", false
	for line := range strings.Lines(string(t.text)) {
		line = strings.TrimSpace(line)
		if begins := strings.HasPrefix(line, "Error:"); line != "" && (begins || !isError) {
			reason, isError = line, begins
		}
	}
	return reason
}
