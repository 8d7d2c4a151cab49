package envelope_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/shared/faults"
)

func TestAHundredRequestsAtOnceCauseOneLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		day, generation := w.current(t)
		reader := w.newRing()
		release := make(chan struct{})
		w.store.Before("WrappedKey", func(context.Context, int) error { <-release; return nil })
		var requests sync.WaitGroup
		for range 100 {
			requests.Go(func() {
				if !has(t, reader, day, generation) {
					t.Error("no key")
				}
			})
		}
		synctest.Wait() // one is in the store, 99 wait for it
		close(release)
		requests.Wait()
		w.wantCalls(t, "100 requests", 1, 1)
	})
}

func TestAWaiterGivesUpWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		day, generation := w.current(t)
		reader := w.newRing()
		release := make(chan struct{})
		w.store.Before("WrappedKey", func(context.Context, int) error { <-release; return nil })
		var requests sync.WaitGroup
		requests.Go(func() {
			if !has(t, reader, day, generation) {
				t.Error("the one that loads gets no key")
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, ok, err := reader.Tag(ctx, day, generation, nil); ok || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%t, %v, want DeadlineExceeded", ok, err)
		}
		if _, _, err := reader.Current(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Current: %v, want DeadlineExceeded", err)
		}
		close(release)
		requests.Wait()
	})
}

func TestOneThatGivesUpDoesNotFailTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		day, generation := w.current(t)
		reader := w.newRing()
		w.store.Before("WrappedKey", func(ctx context.Context, nth int) error {
			if nth == 1 {
				return faults.Hang(ctx, nth)
			}
			return nil
		})
		var requests sync.WaitGroup
		requests.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, _, err := reader.Tag(ctx, day, generation, nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the one that loads: %v, want DeadlineExceeded", err)
			}
		})
		synctest.Wait()
		if !has(t, reader, day, generation) {
			t.Error("the next one gets no key")
		}
		requests.Wait()
	})
}
