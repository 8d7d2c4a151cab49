package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/account/accounttest"
	"sallyport/shared/apigw"
	"sallyport/shared/apigw/apigwtest"
	"sallyport/shared/password"
)

// A process may be given several invocations at once (Lambda Managed Instances). However many, they have the memory of one hash, and
// so need no more than one alone.
func TestInvocationsAtOnceInOneProcessHashOneAfterTheOther(t *testing.T) {
	const hash, invocations = 19 << 20, 24
	hasher, err := password.NewHasher(password.Params{MemoryKiB: hash >> 10, Time: 2})
	if err != nil {
		t.Fatal(err)
	}
	login := apigw.Handle(slog.New(slog.DiscardHandler), handler(&account.Beginner{
		Store: accounttest.NewStore(), Hasher: hasher, ChallengeLife: time.Minute, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}))
	runtime.GC()
	before, done := heap(), make(chan struct{})
	peak := before
	var watching, calls sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				peak = max(peak, heap())
				time.Sleep(100 * time.Microsecond)
			}
		}
	})
	for i := range invocations {
		event := apigwtest.Event[apigw.Request](t, "login")
		event.Body = fmt.Sprintf(`{"username":"nobody-%d","password":"wrong password"}`, i)
		calls.Go(func() {
			if got, err := login(t.Context(), event); err != nil || got.StatusCode != http.StatusUnauthorized {
				t.Errorf("%d, %v", got.StatusCode, err)
			}
		})
	}
	calls.Wait()
	close(done)
	watching.Wait()
	if took := peak - before; took < hash || took > hash*3/2 {
		t.Errorf("%d invocations at once took %d MiB, of a hash's %d", invocations, took>>20, hash>>20)
	}
}

// heap is how many bytes of it are in use, garbage included.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
