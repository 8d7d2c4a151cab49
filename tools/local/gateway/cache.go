package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// maxCachedVerdicts bounds the cache's memory, to some tens of megabytes. A full cache is emptied: that costs calls of
// the authorizer, and never a stale answer.
const maxCachedVerdicts = 10000

// verdictCache remembers an authorizer's answers by the values of the identity sources, and by nothing else: one
// caller's policy is applied to every route that the caller asks for.
// "Lambda authorizer workflow": "If caching is enabled in the authorizer settings, API Gateway also caches the policy".
type verdictCache struct {
	lifetime time.Duration
	clock    func() time.Time
	lock     sync.Mutex
	verdicts map[cacheKey]cachedVerdict
}

// cacheKey is a digest, so that the cache holds no credential.
type cacheKey [sha256.Size]byte

type cachedVerdict struct {
	*verdict
	expires time.Time
}

func newVerdictCache(lifetime time.Duration, clock func() time.Time) *verdictCache {
	return &verdictCache{lifetime: lifetime, clock: clock, verdicts: map[cacheKey]cachedVerdict{}}
}

// get returns nil for an answer that is unknown or has expired. Verdicts are shared and must not be changed.
func (c *verdictCache) get(sources []string) *verdict {
	key, now := digest(sources), c.clock()
	c.lock.Lock()
	defer c.lock.Unlock()
	if entry, ok := c.verdicts[key]; ok && now.Before(entry.expires) {
		return entry.verdict
	}
	return nil
}

func (c *verdictCache) put(sources []string, v *verdict) {
	key, expires := digest(sources), c.clock().Add(c.lifetime)
	c.lock.Lock()
	defer c.lock.Unlock()
	if len(c.verdicts) >= maxCachedVerdicts {
		clear(c.verdicts)
	}
	c.verdicts[key] = cachedVerdict{v, expires}
}

// digest tells lists of values apart: each is preceded by its length.
func digest(sources []string) cacheKey {
	h := sha256.New()
	for _, source := range sources {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(source)))
		h.Write(length[:])
		h.Write([]byte(source))
	}
	return cacheKey(h.Sum(nil))
}
