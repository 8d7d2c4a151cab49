package faults_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sallyport/shared/faults"
)

var errDown = errors.New("down")

func TestOnlyThePlannedCallsFail(t *testing.T) {
	var plan faults.Plan
	plan.Before("Get", faults.Nth(2, errDown))
	done := 0
	var failed []int
	for call := 1; call <= 3; call++ {
		if err := plan.Read(t.Context(), "Get", func() error { done++; return nil }); err != nil {
			failed = append(failed, call)
		}
	}
	if err := plan.Write(t.Context(), "Put", func() error { done++; return nil }); err != nil {
		t.Errorf("another method failed: %v", err)
	}
	if done != 3 || len(failed) != 1 || failed[0] != 2 {
		t.Errorf("%d calls were done, %v failed", done, failed)
	}
	if plan.Calls("Get") != 3 || plan.Reads() != 3 || plan.Writes() != 1 {
		t.Errorf("counted %d calls, %d reads, %d writes", plan.Calls("Get"), plan.Reads(), plan.Writes())
	}
}

func TestACallWhoseAnswerIsLostIsDone(t *testing.T) {
	var plan faults.Plan
	plan.After("Put", faults.First(1, errDown))
	done := 0
	do := func() error { done++; return nil }
	if err := plan.Write(t.Context(), "Put", do); !errors.Is(err, errDown) || done != 1 {
		t.Errorf("the first call: %v, done %d times", err, done)
	}
	if err := plan.Write(t.Context(), "Put", do); err != nil || done != 2 {
		t.Errorf("the second call: %v, done %d times", err, done)
	}
}

func TestAHangingCallEndsWithItsContext(t *testing.T) {
	var plan faults.Plan
	plan.Before("", faults.Hang)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := plan.Read(ctx, "Get", func() error { t.Error("the call was done"); return nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	plan.Mend()
	if err := plan.Read(t.Context(), "Get", func() error { return nil }); err != nil {
		t.Errorf("after mending: %v", err)
	}
}
