package account_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/shared/apperr"
	"sallyport/shared/faults"
)

// refused checks that err is a refusal with the code, and returns it.
func refused(t rapid.TB, err error, code apperr.Code) *apperr.Error {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted; want %s", code)
	}
	found := apperr.From(err)
	if found.Code != code || found.Detail == "" {
		t.Fatalf("refused with %q (%v), want %s", found.Detail, err, code)
	}
	return found
}

// wait checks that err is a refusal until the given time from now has passed, and no alarm.
func wait(t testing.TB, err error, want time.Duration) {
	t.Helper()
	if found := refused(t, err, apperr.TooManyRequests); found.RetryAfter != want || found.Alarm {
		t.Fatalf("refused for %v, want %v", found.RetryAfter, want)
	}
}

// atOnce runs do n times at once, and returns the errors.
func atOnce(n int, do func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// once is a hook that does something in the midst of the first call, and lets all pass.
func once(do func()) faults.Hook {
	return func(_ context.Context, nth int) error {
		if nth == 1 {
			do()
		}
		return nil
	}
}

// codes counts errors by their code; success is the empty one.
func codes(errs []error) map[apperr.Code]int {
	counts := map[apperr.Code]int{}
	for _, err := range errs {
		if err == nil {
			counts[""]++
		} else {
			counts[apperr.CodeOf(err)]++
		}
	}
	return counts
}

func ptr[T any](v T) *T { return &v }
