package dynamo

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ErrContended is in the chain of an error whose cause was, to the last attempt, that other transactions held the same rows.
// Nothing was written.
var ErrContended = errors.New("dynamo: other transactions are at work on the same rows")

// errThrottled is a transaction that DynamoDB had no capacity for. Nothing was written.
var errThrottled = errors.New("dynamo: a transaction was throttled")

// errInProgress means that an earlier attempt of the same transaction is still under way.
var errInProgress = errors.New("dynamo: the transaction is already in progress")

const (
	maxAttempts = 5

	// firstPause is the longest wait after the first attempt; it doubles with each one, to 150 ms in all.
	firstPause = 10 * time.Millisecond
)

// retry repeats do while it fails in a way that time mends, at most maxAttempts times. These are the failures that the SDK
// does not repeat; those that it does have been repeated by the client already.
func retry(ctx context.Context, do func() error) error {
	for attempt := 0; ; attempt++ {
		err := do()
		passing := errors.Is(err, ErrContended) || errors.Is(err, errThrottled) || errors.Is(err, errInProgress) || errors.Is(err, errUnprocessed)
		if !passing || attempt == maxAttempts-1 {
			return err
		}
		if ended := pause(ctx, attempt); ended != nil {
			return errors.Join(ended, err)
		}
	}
}

// pause waits a random time, so that writers that collided do not collide again.
func pause(ctx context.Context, attempt int) error {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the process instead
	ceiling := uint64(firstPause) << attempt
	timer := time.NewTimer(time.Duration(binary.BigEndian.Uint64(random[:]) % ceiling)) //nolint:gosec // G115: below a second
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mark puts the sentinel of a failure that time mends into its chain.
func mark(err error) error {
	if _, ok := errors.AsType[*types.TransactionConflictException](err); ok {
		return fmt.Errorf("%w: %w", ErrContended, err)
	}
	if _, ok := errors.AsType[*types.TransactionInProgressException](err); ok {
		return fmt.Errorf("%w: %w", errInProgress, err)
	}
	return err
}
