package lambda

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// lineLimit is where a longer line is broken, in bytes.
const lineLimit = 256 << 10

// logWriter writes whole lines of many processes to one writer.
type logWriter struct {
	mu  sync.Mutex
	out io.Writer
}

// of returns the writer for one process of a function. Each line goes out with the function's logical id in front.
func (w *logWriter) of(functionID string) *lineWriter {
	return &lineWriter{out: w, prefix: functionID + " | "}
}

// lineWriter takes a process's output as it comes. One goroutine writes to it at a time.
type lineWriter struct {
	out    *logWriter
	prefix string
	rest   []byte // a line without its end
	shown  string // the last line with text in it, or what a crash says first
	panic  bool   // shown is that of a crash
}

// Write implements io.Writer.
func (l *lineWriter) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		if end < 0 && len(l.rest) <= lineLimit {
			return len(p), nil
		}
		if end < 0 {
			l.line(l.rest)
			l.rest = nil
			return len(p), nil
		}
		l.line(l.rest[:end])
		l.rest = l.rest[end+1:]
	}
}

func (l *lineWriter) line(text []byte) {
	if line := strings.TrimSpace(string(text)); line != "" && !l.panic {
		l.shown = line
		l.panic = strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")
	}
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.out.out.Write([]byte(l.prefix + string(text) + "\n")) //nolint:errcheck // logs are shown if there is somewhere to show them
}

// flush writes what is left when the process has ended.
func (l *lineWriter) flush() {
	if len(l.rest) > 0 {
		l.line(l.rest)
		l.rest = nil
	}
}

// last is the line that says best why the process ended: the head of a crash report, else the last line.
func (l *lineWriter) last() string { return l.shown }
