package envelope_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/shared/envelope"
	"sallyport/shared/faults"
)

func TestTheFirstSignInOfADayMakesItsKeyAndTheRestUseIt(t *testing.T) {
	w := newWorld()
	for range 10 {
		day, generation, err := w.ring.Current(t.Context())
		if err != nil || day != 20780 || generation != 0 {
			t.Fatalf("%d.%d, %v, want 20780.0, the day of 2026-11-23", day, generation, err)
		}
	}
	if n := w.wrapper.Calls("NewDataKey"); n != 1 {
		t.Errorf("%d data keys were made, want 1", n)
	}
	if n := w.wrapper.Calls("Unwrap"); n != 1 {
		t.Errorf("%d unwraps, want 1", n)
	}
	if n := w.store.Calls("WrappedKey"); n != 10 {
		t.Errorf("the row was read %d times by 10 sign-ins: each must see a shredding", n)
	}
}

func TestARowOutlivesTheLastTokenOfItsDay(t *testing.T) {
	w := newWorld()
	w.clock.Set(time.Date(2026, time.November, 23, 23, 59, 59, 0, time.UTC))
	day, _ := w.current(t)
	row, found, err := w.store.WrappedKey(t.Context(), day)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	if lastToken := w.clock.Now().Add(90 * 24 * time.Hour); !time.Unix(row.ExpiresAt, 0).After(lastToken) {
		t.Errorf("the row expires at %s, an API token may live until %s", time.Unix(row.ExpiresAt, 0).UTC(), lastToken)
	}
	if want := time.Date(2027, time.February, 22, 1, 0, 0, 0, time.UTC); row.ExpiresAt != want.Unix() {
		t.Errorf("the row expires at %s, want %s", time.Unix(row.ExpiresAt, 0).UTC(), want)
	}
}

func TestTwoMakersAgreeOnOneKey(t *testing.T) {
	w := newWorld()
	const makers = 20
	var (
		absent  sync.WaitGroup // all see that there is no key before any adds one
		done    sync.WaitGroup
		signing [makers]string
	)
	absent.Add(makers)
	w.store.After("WrappedKey", func(_ context.Context, nth int) error {
		if nth <= makers {
			absent.Done()
			absent.Wait()
		}
		return nil
	})
	for i := range makers {
		ring := w.newRing()
		done.Go(func() {
			day, generation, err := ring.Current(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			key, ok, err := ring.Tag(t.Context(), day, generation, nil)
			if err != nil || !ok {
				t.Error(ok, err)
			}
			signing[i] = string(key[:])
		})
	}
	done.Wait()
	for i, key := range signing {
		if key != signing[0] {
			t.Errorf("maker %d has another key than maker 0", i)
		}
	}
}

func TestAMakerThatLosesToAShreddingUsesTheGenerationAfterIt(t *testing.T) {
	w := newWorld()
	day := envelope.Day(noon)
	w.store.Before("AddWrappedKey", func(_ context.Context, nth int) error {
		if nth == 1 {
			w.store.Shred(day)
		}
		return nil
	})
	if _, generation, err := w.ring.Current(t.Context()); err != nil || generation != 1 {
		t.Errorf("generation %d, %v, want 1", generation, err)
	}
}

func TestAKeyThatKeepsChangingIsAnErrorNotALoop(t *testing.T) {
	w := newWorld()
	w.store.Before("AddWrappedKey", func(context.Context, int) error { w.store.Shred(envelope.Day(noon)); return nil })
	if _, _, err := w.ring.Current(t.Context()); err == nil {
		t.Error("no error")
	}
	if n := w.store.Calls("AddWrappedKey"); n != 3 {
		t.Errorf("%d attempts, want 3", n)
	}
}

func TestAKeyThatCannotBeMadeOrStoredIsNotUsed(t *testing.T) {
	w := newWorld()
	w.wrapper.Before("NewDataKey", faults.Always(errDown))
	if _, _, err := w.ring.Current(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("KMS down: %v, want its error", err)
	}
	w.wrapper.Mend()
	w.store.Before("AddWrappedKey", faults.Always(errDown))
	if _, _, err := w.ring.Current(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("store down: %v, want its error", err)
	}
	w.store.Mend()
	w.clock.Advance(envelope.MaxAbsenceAge)
	if has(t, w.ring, envelope.Day(noon), 0) {
		t.Error("a key that was never stored is in use")
	}
	if _, _, err := w.ring.Current(t.Context()); err != nil {
		t.Errorf("it does not recover by itself: %v", err)
	}
}

func TestALostAnswerToStoringIsFoundOutByReadingAgain(t *testing.T) {
	w := newWorld()
	w.store.After("AddWrappedKey", faults.Nth(1, errDown))
	if _, _, err := w.ring.Current(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("%v, want the store's error", err)
	}
	if _, _, err := w.ring.Current(t.Context()); err != nil {
		t.Error(err)
	}
	if n := w.wrapper.Calls("NewDataKey"); n != 1 {
		t.Errorf("%d data keys were made, want 1", n)
	}
}

func TestTomorrowsKeyIsMadeInTheDaysLastHour(t *testing.T) {
	w := newWorld()
	tomorrow := envelope.Day(noon) + 1
	w.clock.Set(time.Date(2026, time.November, 23, 22, 59, 59, 0, time.UTC))
	w.current(t)
	if _, found, err := w.store.WrappedKey(t.Context(), tomorrow); found || err != nil {
		t.Errorf("before the last hour: found %t, %v", found, err)
	}
	w.clock.Advance(time.Second)
	w.forget()
	for range 10 {
		if day, _, err := w.ring.Current(t.Context()); err != nil || day != tomorrow-1 {
			t.Fatalf("day %d, %v", day, err)
		}
	}
	if n := w.store.Calls("WrappedKey"); n != 11 {
		t.Errorf("10 sign-ins read %d rows, want today's each time and tomorrow's once", n)
	}
	if row, found, err := w.store.WrappedKey(t.Context(), tomorrow); !found || err != nil || len(row.Wrapped) == 0 {
		t.Errorf("in the last hour: found %t, %v", found, err)
	}
	if n := w.wrapper.Calls("NewDataKey"); n != 1 {
		t.Errorf("%d keys were made for tomorrow, want 1", n)
	}

	w.clock.Set(time.Date(2026, time.November, 24, 0, 0, 0, 0, time.UTC))
	w.forget()
	if day, _, err := w.ring.Current(t.Context()); err != nil || day != tomorrow {
		t.Errorf("at midnight: day %d, %v", day, err)
	}
	if n := w.wrapper.Calls("NewDataKey"); n != 0 {
		t.Error("the first sign-in of the day had to wait for a key")
	}
}

func TestASignInDoesNotFailForWantOfTomorrowsKey(t *testing.T) {
	w := newWorld()
	w.current(t)
	w.clock.Set(time.Date(2026, time.November, 23, 23, 30, 0, 0, time.UTC))
	w.wrapper.Before("NewDataKey", faults.First(2, errDown))
	tomorrow := envelope.Day(noon) + 1
	for range 2 {
		if day, _, err := w.ring.Current(t.Context()); err != nil || day != tomorrow-1 {
			t.Fatalf("day %d, %v", day, err)
		}
	}
	if lines := strings.Count(w.log.String(), errDown.Error()); lines != 2 {
		t.Errorf("the failures are logged %d times, want 2:\n%s", lines, w.log)
	}
	if _, _, err := w.ring.Current(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !has(t, w.ring, tomorrow, 0) {
		t.Error("the next sign-in does not try again")
	}
}

func TestRotationLosesNoToken(t *testing.T) {
	type sealed struct {
		day        uint32
		generation uint8
		value      []byte
		aad        string
	}
	const life = 12 * time.Hour
	w := newWorld()
	reader := w.newRing()
	var live []sealed
	start := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	for minute := 0; minute < 36*60; minute += 7 {
		w.clock.Set(start.Add(time.Duration(minute) * time.Minute))
		now := w.clock.Now()
		day, generation, err := w.ring.Current(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		one := sealed{day: day, generation: generation, aad: fmt.Sprint(minute)}
		if one.value, err = w.ring.Seal(t.Context(), day, generation, []byte("a token"), []byte(one.aad)); err != nil {
			t.Fatal(err)
		}
		live = append(live, one)
		if len(live) > int(life/(7*time.Minute)) {
			live = live[1:]
		}
		w.dropExpiredRows(t, now)
		for _, one := range live {
			plaintext, ok, err := reader.Open(t.Context(), one.day, one.generation, one.value, []byte(one.aad))
			if string(plaintext) != "a token" || !ok || err != nil {
				t.Fatalf("at %s the token of minute %s is lost: %t, %v", now, one.aad, ok, err)
			}
		}
	}
	if n := w.wrapper.Calls("NewDataKey"); n != 3 {
		t.Errorf("%d data keys over three days, want 3", n)
	}
}

// dropExpiredRows does what DynamoDB's TTL does, as early as it may.
func (w *world) dropExpiredRows(t *testing.T, now time.Time) {
	t.Helper()
	for day := envelope.Day(now) - 3; day <= envelope.Day(now); day++ {
		row, found, err := w.store.WrappedKey(t.Context(), day)
		if err != nil {
			t.Fatal(err)
		}
		if found && row.ExpiresAt <= now.Unix() {
			w.store.Remove(day)
		}
	}
}

func TestOldDaysAreForgotten(t *testing.T) {
	w := newWorld()
	for range 100 {
		w.current(t)
		w.clock.Advance(24 * time.Hour)
	}
	w.current(t)
	if n := w.ring.Days(); n > 2 {
		t.Errorf("after 100 days the ring keeps %d, want at most 2", n)
	}
}
