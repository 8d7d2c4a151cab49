package gateway

import (
	"sync"
	"time"

	"sallyport/tools/local/template"
)

// bucket holds tokens for a route's requests: full at first, filled at the route's rate. API Gateway Developer Guide, "Throttle
// requests to your REST APIs": "the token bucket algorithm, where a token counts for a request". The service counts by best effort,
// this one exactly.
type bucket struct {
	template.Throttle

	mu     sync.Mutex
	tokens float64
	filled time.Time
}

// newBuckets returns the buckets of the routes that have a limit.
func newBuckets(routes []template.Route, now time.Time) map[string]*bucket {
	buckets := map[string]*bucket{}
	for _, route := range routes {
		if route.Throttle != nil {
			buckets[bucketOf(route)] = &bucket{Throttle: *route.Throttle, tokens: float64(route.Throttle.Burst), filled: now}
		}
	}
	return buckets
}

func bucketOf(route template.Route) string { return route.Method + " " + route.Resource }

// take takes a token, and reports whether there was one.
func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if passed := now.Sub(b.filled).Seconds(); passed > 0 {
		b.tokens, b.filled = min(float64(b.Burst), b.tokens+passed*float64(b.Rate)), now
	}
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
