package lambda

import (
	"errors"
	"os"
)

// tryLock is not there: binaries are built anew for each run.
func tryLock(*os.File) (held bool, err error) { return false, errors.ErrUnsupported }
