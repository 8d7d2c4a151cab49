package envelope_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"sallyport/shared/envelope"
)

// Three instances sign in and three authorize, while the clock runs through the last hour of a day, midnight, and a key's age after it.
func TestRotationUnderLoadLosesNoToken(t *testing.T) {
	type issued struct {
		day        uint32
		generation uint8
		tag        [32]byte
		sealed     []byte
	}
	w := newWorld()
	w.clock.Set(time.Date(2026, time.November, 23, 22, 30, 0, 0, time.UTC))
	w.store.Before("AddWrappedKey", func(context.Context, int) error {
		time.Sleep(5 * time.Millisecond) // so that several make a day's key at once
		return nil
	})
	message, aad := []byte("a token's claims"), []byte("its record")
	var mu sync.Mutex
	var live []issued
	days := map[uint32]bool{}
	done := make(chan struct{})
	running := func() bool {
		select {
		case <-done:
			return false
		default:
			return true
		}
	}
	var group sync.WaitGroup
	for range 3 {
		signer, authorizer := w.newRing(), w.newRing()
		group.Go(func() {
			for running() {
				day, generation, err := signer.Current(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				tag, ok, err := signer.Tag(t.Context(), day, generation, message)
				if err != nil || !ok {
					t.Errorf("signing: %t, %v", ok, err)
					return
				}
				sealed, err := signer.Seal(t.Context(), day, generation, []byte("a token"), aad)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				live, days[day] = append(live, issued{day, generation, tag, sealed}), true
				mu.Unlock()
				time.Sleep(100 * time.Microsecond) // so that there are more checks than sign-ins
			}
		})
		group.Go(func() {
			for i := 0; running(); i++ {
				mu.Lock()
				if len(live) == 0 {
					mu.Unlock()
					time.Sleep(time.Microsecond)
					continue
				}
				one := live[i%len(live)]
				mu.Unlock()
				tag, ok, err := authorizer.Tag(t.Context(), one.day, one.generation, message)
				if err != nil || !ok || tag != one.tag {
					t.Errorf("a token of day %d is not known: %t, %v", one.day, ok, err)
					return
				}
				if plaintext, ok, err := authorizer.Open(t.Context(), one.day, one.generation, one.sealed, aad); err != nil || !ok || string(plaintext) != "a token" {
					t.Errorf("a record of day %d does not open: %t, %v", one.day, ok, err)
					return
				}
			}
		})
	}
	for range 60 {
		w.clock.Advance(3 * time.Minute)
		time.Sleep(time.Millisecond)
	}
	close(done)
	group.Wait()
	if today := envelope.Day(w.clock.Now()); len(days) != 2 || !days[today] || !days[today-1] {
		t.Errorf("tokens were issued under the keys of days %v", days)
	}
}
