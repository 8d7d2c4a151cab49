package otp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // G505: HMAC-SHA-1 is RFC 6238's default, all that many apps know, and not touched by SHA-1's collisions
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"

	"sallyport/shared/secret"
)

// StepAt returns the number of the time step that t lies in, counted from the Unix epoch (RFC 6238 §4). The n-th step lasts from n
// times Period to just before n+1 times Period. Times before 1970 have no step of their own.
func StepAt(t time.Time) int64 { return t.Unix() / int64(Period/time.Second) }

// CodeAt returns the code of a time step, six digits (RFC 4226 §5.3).
func (s Secret) CodeAt(step int64) secret.Text {
	mac := hmac.New(sha1.New, s.Bytes())
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step))) //nolint:gosec // G115: after 1970
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	truncated := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return secret.New(fmt.Sprintf("%0*d", Digits, truncated%1_000_000))
}

// Match reports whether code is a one-time password of the step that now lies in, or of the one before it, which a person who types
// slowly still has on screen (RFC 6238 §5.2); and which step it is. Should both have the same code, it is the later one.
//
// It does not know which codes were used: the caller must refuse a step that is not later than the last one it accepted.
//
// Both codes are always computed and compared in constant time. A recovery code never matches.
func (s Secret) Match(code Code, now time.Time) (step int64, ok bool) {
	current := StepAt(now)
	matchesCurrent, matchesPrevious := s.compare(code, current), s.compare(code, current-1)
	known := len(s.key.Reveal()) == SecretLength // HMAC takes the zero Secret's empty key without complaint
	switch {
	case known && matchesCurrent:
		return current, true
	case known && matchesPrevious:
		return current - 1, true
	default:
		return 0, false
	}
}

func (s Secret) compare(code Code, step int64) bool {
	return subtle.ConstantTimeCompare([]byte(s.CodeAt(step).Reveal()), []byte(code.characters.Reveal())) == 1
}
