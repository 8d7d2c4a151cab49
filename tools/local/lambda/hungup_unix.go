//go:build unix

package lambda

import (
	"context"
	"syscall"
)

// hungUp tells whether the process at the other end of a request's connection has closed it, as the kernel does for one that was killed.
// The request's context is cancelled too, but a moment later; asking the socket leaves no moment in which work goes to the dead.
func hungUp(ctx context.Context) bool {
	connection, ok := ctx.Value(connectionKey{}).(syscall.Conn)
	if !ok {
		return ctx.Err() != nil
	}
	raw, err := connection.SyscallConn()
	if err != nil {
		return true
	}
	closed := false
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		closed = err == nil && n == 0 || err == syscall.ECONNRESET
	})
	return err != nil || closed || ctx.Err() != nil
}
