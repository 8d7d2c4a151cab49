package gateway

import (
	"net/http"
	"testing"
	"time"

	"sallyport/tools/local/template"
)

func TestARouteTakesABurstThenItsRateAndTheOthersAreUnharmed(t *testing.T) {
	f := newFixture()
	f.api.Routes[1].Throttle = &template.Throttle{Rate: 2, Burst: 3} // GET /guarded
	now := time.Unix(1_800_000_000, 0)
	f.options.Clock, f.options.Throttle, f.options.Log = func() time.Time { return now }, true, nil
	handler := New(f.api, f.invoker, f.options)
	status := func(target string) int { return serve(handler, get(target)).StatusCode }
	for range 3 {
		if got := status("/guarded"); got != http.StatusOK {
			t.Errorf("within the burst: %d", got)
		}
	}
	calls := f.invoker.calls("Guard")
	if got := status("/guarded"); got != http.StatusTooManyRequests || f.invoker.calls("Guard") != calls {
		t.Errorf("above the burst: %d, and the authorizer is asked %d times more", got, f.invoker.calls("Guard")-calls)
	}
	if got := status("/guarded/1"); got != http.StatusOK {
		t.Errorf("another route: %d", got)
	}
	now = now.Add(500 * time.Millisecond)
	if first, second := status("/guarded"), status("/guarded"); first != http.StatusOK || second != http.StatusTooManyRequests {
		t.Errorf("after half a second at two a second: %d, then %d", first, second)
	}
	now = now.Add(time.Hour)
	for range 3 {
		status("/guarded")
	}
	if got := status("/guarded"); got != http.StatusTooManyRequests {
		t.Errorf("the bucket holds more than the burst: %d", got)
	}
}

func TestNothingIsThrottledUnlessAsked(t *testing.T) {
	f := newFixture()
	f.api.Routes[1].Throttle = &template.Throttle{}
	f.options.Log = nil
	if got := f.send(get("/guarded")).StatusCode; got != http.StatusOK {
		t.Errorf("%d", got)
	}
}
