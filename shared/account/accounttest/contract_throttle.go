package accounttest

import (
	"errors"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/session/sessiontest"
)

func throttleParts() []part {
	return []part{
		{"a subject without failures has a zero throttle", testThrottleAbsent},
		{"a throttle is read as it was set, for any subject", testThrottleRoundTrip},
		{"a throttle is set only as it was seen", testThrottleConflict},
		{"setting a throttle to zero deletes it", testThrottleZero},
		{"clearing a throttle deletes it, and once more is no error", testThrottleClear},
		{"of many settings of a throttle at once one succeeds", testThrottleAtOnce},
		{"failures are counted up to the limit and no further", testCount},
		{"a limit of none counts nothing", testCountNone},
		{"many failures at once are counted exactly up to the limit", testCountAtOnce},
		{"forgiving takes one failure away, and never more than there are", testForgive},
		{"a throttle call whose context has ended fails and changes nothing", testThrottleContext},
	}
}

var someThrottle = account.Throttle{Failures: 7, BlockedUntil: 1000*now + 30_001, ExpiresAt: now + 86_400} //nolint:gochecknoglobals // never changed

func (f fixture) set(subject string, seen, next account.Throttle) error {
	return f.SetThrottle(f.T.Context(), subject, seen, next)
}

func testThrottleAbsent(t *testing.T, s Everything) {
	f := fixture{t, s}
	for _, subject := range append(impossible(), "subject") {
		if row := f.throttle(subject); row != (account.Throttle{}) {
			t.Errorf("got %+v", row)
		}
	}
}

func testThrottleRoundTrip(t *testing.T, s Everything) {
	f := fixture{t, s}
	for i, subject := range sessiontest.OddKeys() {
		row := someThrottle
		row.Failures = i + 1
		if err := f.set(subject, account.Throttle{}, row); err != nil {
			t.Fatalf("SetThrottle: %v", err)
		}
	}
	for i, subject := range sessiontest.OddKeys() {
		want := someThrottle
		want.Failures = i + 1
		if got := f.throttle(subject); got != want {
			t.Errorf("%q: got %+v, want %+v", subject, got, want)
		}
	}
	unblocked := account.Throttle{Failures: 1, ExpiresAt: now}
	if err := f.set("unblocked", account.Throttle{}, unblocked); err != nil || f.throttle("unblocked") != unblocked {
		t.Errorf("got %+v, %v", f.throttle("unblocked"), err)
	}
	next := account.Throttle{Failures: 2, BlockedUntil: now + 1, ExpiresAt: now + 2}
	if err := f.set("unblocked", unblocked, next); err != nil || f.throttle("unblocked") != next {
		t.Errorf("got %+v, %v", f.throttle("unblocked"), err)
	}
}

func testThrottleConflict(t *testing.T, s Everything) {
	f := fixture{t, s}
	f.wantConflict(f.set("subject", someThrottle, account.Throttle{Failures: 8}))
	f.wantConflict(f.set("subject", someThrottle, account.Throttle{}))
	if err := f.set("subject", account.Throttle{}, someThrottle); err != nil {
		t.Fatalf("SetThrottle: %v", err)
	}
	fewer, unblocked, longer := someThrottle, someThrottle, someThrottle
	fewer.Failures--
	unblocked.BlockedUntil = 0
	longer.ExpiresAt++
	for _, seen := range []account.Throttle{{}, fewer, unblocked, longer} {
		f.wantConflict(f.set("subject", seen, account.Throttle{Failures: 1, ExpiresAt: now}))
		f.wantConflict(f.set("subject", seen, account.Throttle{}))
	}
	if got := f.throttle("subject"); got != someThrottle {
		t.Errorf("got %+v", got)
	}
}

func testThrottleZero(t *testing.T, s Everything) {
	f := fixture{t, s}
	if err := f.set("subject", account.Throttle{}, account.Throttle{}); err != nil {
		t.Errorf("zero to zero: %v", err)
	}
	for range 2 { // the second time shows that nothing was left
		if err := f.set("subject", account.Throttle{}, someThrottle); err != nil {
			t.Fatalf("SetThrottle: %v", err)
		}
		if err := f.set("subject", someThrottle, account.Throttle{}); err != nil {
			t.Fatalf("to zero: %v", err)
		}
		if got := f.throttle("subject"); got != (account.Throttle{}) {
			t.Errorf("got %+v", got)
		}
	}
}

func testThrottleClear(t *testing.T, s Everything) {
	f := fixture{t, s}
	for _, subject := range []string{"one", "other"} {
		if err := f.set(subject, account.Throttle{}, someThrottle); err != nil {
			t.Fatalf("SetThrottle: %v", err)
		}
	}
	for range 2 {
		if err := s.ClearThrottle(t.Context(), "one"); err != nil {
			t.Errorf("ClearThrottle: %v", err)
		}
	}
	if f.throttle("one") != (account.Throttle{}) || f.throttle("other") != someThrottle {
		t.Errorf("got %+v and %+v", f.throttle("one"), f.throttle("other"))
	}
}

func testThrottleAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	seen := account.Throttle{}
	for round := range 3 {
		winners := atOnce(t, parallel, func(i int) error {
			return f.set("subject", seen, account.Throttle{Failures: round + 1, BlockedUntil: int64(i), ExpiresAt: now})
		}, account.ErrConflict)
		if seen = f.throttle("subject"); winners != 1 || seen.Failures != round+1 {
			t.Fatalf("round %d: %d succeeded, %+v", round, winners, seen)
		}
	}
}

func testCount(t *testing.T, s Everything) {
	f := fixture{t, s}
	for i := range 8 {
		counted, err := s.CountFailure(t.Context(), "subject", 5, now+int64(i))
		if err != nil || counted != (i < 5) {
			t.Errorf("failure %d: counted %v, %v", i+1, counted, err)
		}
	}
	if got := f.throttle("subject"); got.Failures != 5 || got.ExpiresAt != now+4 {
		t.Errorf("got %+v", got)
	}
	if counted, err := s.CountFailure(t.Context(), "subject", 6, now+9); err != nil || !counted {
		t.Errorf("with a higher limit: %v, %v", counted, err)
	}
	if counted, err := s.CountFailure(t.Context(), "another", 1, now); err != nil || !counted {
		t.Errorf("another subject: %v, %v", counted, err)
	}
}

func testCountNone(t *testing.T, s Everything) {
	f := fixture{t, s}
	if counted, err := s.CountFailure(t.Context(), "subject", 0, now); err != nil || counted {
		t.Errorf("counted %v, %v", counted, err)
	}
	if got := f.throttle("subject"); got != (account.Throttle{}) {
		t.Errorf("got %+v", got)
	}
}

var errNotCounted = errors.New("not counted")

func counted(ok bool, err error) error {
	if err == nil && !ok {
		return errNotCounted
	}
	return err
}

func testCountAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	const limit = 37
	n := atOnce(t, parallel, func(int) error {
		return counted(s.CountFailure(t.Context(), "subject", limit, now))
	}, errNotCounted)
	if got := f.throttle("subject"); n != limit || got.Failures != limit {
		t.Errorf("%d were counted, the row says %+v, want %d", n, got, limit)
	}
}

func testForgive(t *testing.T, s Everything) {
	f := fixture{t, s}
	if err := s.ForgiveFailure(t.Context(), "subject"); err != nil || f.throttle("subject") != (account.Throttle{}) {
		t.Errorf("forgiving what is not there: %v, %+v", err, f.throttle("subject"))
	}
	for range 2 {
		if ok, err := s.CountFailure(t.Context(), "subject", 2, now); err != nil || !ok {
			t.Fatalf("CountFailure: %v, %v", ok, err)
		}
	}
	if err := s.ForgiveFailure(t.Context(), "subject"); err != nil || f.throttle("subject").Failures != 1 {
		t.Errorf("after forgiving one of two: %v, %+v", err, f.throttle("subject"))
	}
	if ok, err := s.CountFailure(t.Context(), "subject", 2, now); err != nil || !ok {
		t.Errorf("counting again: %v, %v", ok, err)
	}
	atOnce(t, 20, func(int) error { return s.ForgiveFailure(t.Context(), "subject") })
	if got := f.throttle("subject").Failures; got != 0 {
		t.Errorf("%d failures are left", got)
	}
}

func testThrottleContext(t *testing.T, s Everything) {
	f := fixture{t, s}
	if err := f.set("subject", account.Throttle{}, someThrottle); err != nil {
		t.Fatalf("SetThrottle: %v", err)
	}
	ctx := ended(t)
	if _, err := s.Throttle(ctx, "subject"); err == nil {
		t.Error("Throttle succeeded")
	}
	if err := s.SetThrottle(ctx, "subject", someThrottle, account.Throttle{}); err == nil || errors.Is(err, account.ErrConflict) {
		t.Errorf("SetThrottle: %v", err)
	}
	if err := s.ClearThrottle(ctx, "subject"); err == nil {
		t.Error("ClearThrottle succeeded")
	}
	if ok, err := s.CountFailure(ctx, "subject", 100, now); err == nil || ok {
		t.Errorf("CountFailure: %v, %v", ok, err)
	}
	if err := s.ForgiveFailure(ctx, "subject"); err == nil {
		t.Error("ForgiveFailure succeeded")
	}
	if got := f.throttle("subject"); got != someThrottle {
		t.Errorf("got %+v", got)
	}
}
