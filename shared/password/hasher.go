package password

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/crypto/argon2"
)

const (
	saltLength  = 16 // bytes; RFC 9106 §4 recommends 128 bits
	tagLength   = 32 // bytes; RFC 9106 §4 recommends 256 bits
	parallelism = 1  // a function has one processor or less
)

// Caps on the work of one hash, stored parameters included: a corrupted row must not be able to take the memory of the process.
const (
	maxMemoryKiB = 262144
	maxTime      = 10
	maxWork      = 2 * maxMemoryKiB // KiB filled in all: about half a second on one slow processor, well within a function's time limit
)

// Params are the costs of Argon2id with a parallelism of 1.
type Params struct {
	MemoryKiB uint32 // memory, KiB
	Time      uint32 // passes over the memory
}

// check refuses costs below what the OWASP Password Storage Cheat Sheet recommends for Argon2id (46 MiB and one pass, or 19 MiB and
// two), and costs above the caps.
func (p Params) check() error {
	if p.MemoryKiB > maxMemoryKiB || p.Time > maxTime || p.work() > maxWork {
		return fmt.Errorf("password: Argon2id costs m=%d KiB, t=%d are above the caps m=%d KiB, t=%d, m*t=%d KiB", p.MemoryKiB, p.Time,
			maxMemoryKiB, maxTime, maxWork)
	}
	if strong := p.MemoryKiB >= 47104 && p.Time >= 1 || p.MemoryKiB >= 19456 && p.Time >= 2; !strong {
		return fmt.Errorf("password: Argon2id costs m=%d KiB, t=%d are too low: at least m=47104 KiB with t=1, or m=19456 KiB with t=2", p.MemoryKiB, p.Time)
	}
	return nil
}

// work is how much memory a hash fills in all its passes, in KiB: what it takes is in proportion.
func (p Params) work() uint64 { return uint64(p.MemoryKiB) * uint64(p.Time) }

// below reports whether either cost is lower than q's.
func (p Params) below(q Params) bool { return p.MemoryKiB < q.MemoryKiB || p.Time < q.Time }

// Hasher makes and verifies stored passwords. It runs one hash at a time, whoever calls: each needs Params.MemoryKiB at once, and
// callers in parallel would multiply that until the process is killed.
type Hasher struct {
	params Params
	turn   sync.Mutex
	idKey  func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte // argon2.IDKey; tests count its calls
}

// NewHasher returns a Hasher that stores passwords under p. It refuses costs below OWASP's recommendation (46 MiB and one pass, or
// 19 MiB and two) and above 256 MiB or ten passes.
func NewHasher(p Params) (*Hasher, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return &Hasher{params: p, idKey: argon2.IDKey}, nil
}

var errUnprepared = errors.New("password: not made by Prepare")

// Hash returns p as a PHC string under a fresh salt: $argon2id$v=19$m=…,t=…,p=1$salt$tag. The only error is a Plain that Prepare
// did not make.
func (h *Hasher) Hash(p Plain) (string, error) {
	if p == (Plain{}) {
		return "", errUnprepared
	}
	r := record{params: h.params, salt: make([]byte, saltLength)}
	_, _ = rand.Read(r.salt) // never fails (crypto/rand)
	r.tag = h.derive(p, r.params, r.salt, tagLength)
	return r.String(), nil
}

// Verify reports whether p is the password stored as phc, comparing in constant time. When it is, outdated says that the stored
// costs are lower than h's: the caller has the password in hand and should store it anew.
//
// The error is ErrStored for a string that Hash cannot have made; then no work was done. It never says what the string was.
func (h *Hasher) Verify(phc string, p Plain) (match, outdated bool, err error) {
	if p == (Plain{}) {
		return false, false, errUnprepared
	}
	stored, err := parsePHC(phc)
	if err != nil {
		return false, false, err
	}
	tag := h.derive(p, stored.params, stored.salt, uint32(len(stored.tag))) //nolint:gosec // G115: the parser bounds it
	match = subtle.ConstantTimeCompare(tag, stored.tag) == 1
	outdated = stored.params.below(h.params) || len(stored.salt) < saltLength || len(stored.tag) < tagLength
	return match, outdated, nil
}

// VerifyAbsent does the work of Verify for an account that does not exist, so that the time of an answer does not tell.
// It gives no answer, because there is only one.
func (h *Hasher) VerifyAbsent(p Plain) {
	h.derive(p, h.params, make([]byte, saltLength), tagLength)
}

func (h *Hasher) derive(p Plain, costs Params, salt []byte, length uint32) []byte {
	h.turn.Lock()
	defer h.turn.Unlock()
	// Free the last hash's memory right before this one wants as much. Left to itself, the collector lets up to three such blocks
	// pile up: 20 serial hashes of 46 MiB peaked at 145 MiB, with this line at 53 MiB, for 1 to 5 ms each. (debug.FreeOSMemory
	// does no better, and doubles the time of a hash, which must fault every page in again.)
	runtime.GC()
	return h.idKey([]byte(p.text.Reveal()), salt, costs.Time, costs.MemoryKiB, parallelism, length)
}
