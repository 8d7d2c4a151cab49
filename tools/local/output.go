package main

import (
	"fmt"
	"io"
	"log"
	"sync"
)

// output writes whole lines of many goroutines.
type output struct {
	mu  sync.Mutex
	out io.Writer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.out.Write(p)
}

func (o *output) printf(format string, args ...any) {
	fmt.Fprintf(o, format, args...) // a terminal that has gone is no reason to stop
}

func (o *output) logger() *log.Logger { return log.New(o, "local: ", 0) }
