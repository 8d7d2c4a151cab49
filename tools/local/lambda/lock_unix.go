//go:build unix

package lambda

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the file's lock if nobody holds it. It is the open file's, and goes when that is closed.
func tryLock(file *os.File) (held bool, err error) {
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}
