package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrStored means that a stored password is not a PHC string that this package can have written.
var ErrStored = errors.New("password: the stored string is not a valid Argon2id PHC string")

// Bounds on a stored string. The lower ones are Argon2's own (RFC 9106 §3.1: memory of 8 KiB a lane, one pass; the reference
// implementation: 8 bytes of salt), but that a tag is taken from 16 bytes on, because four, Argon2's least, can be guessed; the upper
// ones bound what a corrupted row can cost.
const (
	minMemoryKiB                 = 8
	minTime                      = 1
	minSaltLength, maxSaltLength = 8, 48
	minTagLength, maxTagLength   = 16, 64
	maxPHCLength                 = 256
	phcFields                    = 6 // "", argon2id, version, costs, salt, tag
	phcCosts                     = 3 // memory, time, parallelism
)

// record is what a PHC string holds.
type record struct {
	params    Params
	salt, tag []byte
}

// String returns the record's one spelling (https://github.com/P-H-C/phc-string-format): the version is always there, costs
// in the order m, t, p, base64 without padding.
func (r record) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, r.params.MemoryKiB, r.params.Time, parallelism, encode(r.salt), encode(r.tag))
}

// parsePHC is the inverse of String. It accepts exactly what String can return within the bounds: whatever was read leniently on
// the way (leading zeros, a sign, line ends or spare bits in base64) fails the comparison at the end.
func parsePHC(s string) (record, error) {
	if len(s) > maxPHCLength {
		return record{}, refuse("too long")
	}
	fields := strings.Split(s, "$")
	if len(fields) != phcFields {
		return record{}, refuse("wrong number of fields")
	}
	costs := strings.Split(fields[3], ",")
	if len(costs) != phcCosts {
		return record{}, refuse("wrong number of costs")
	}
	memory, err := parseCost(costs[0], "m=", minMemoryKiB, maxMemoryKiB)
	if err != nil {
		return record{}, err
	}
	time, err := parseCost(costs[1], "t=", minTime, maxTime)
	if err != nil {
		return record{}, err
	}
	salt, err := parseBytes(fields[4], minSaltLength, maxSaltLength)
	if err != nil {
		return record{}, err
	}
	tag, err := parseBytes(fields[5], minTagLength, maxTagLength)
	if err != nil {
		return record{}, err
	}
	r := record{params: Params{MemoryKiB: memory, Time: time}, salt: salt, tag: tag}
	if r.params.work() > maxWork {
		return record{}, refuse("costs m= and t= together are above the cap")
	}
	if r.String() != s {
		return record{}, refuse("not the canonical spelling, or another algorithm, version or parallelism")
	}
	return r, nil
}

func parseCost(field, name string, least, most uint64) (uint32, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(field, name), 10, 32)
	if err != nil || n < least || n > most {
		return 0, refuse("cost " + name + " is not a number within bounds")
	}
	return uint32(n), nil
}

func parseBytes(field string, least, most int) ([]byte, error) {
	b, err := base64.RawStdEncoding.DecodeString(field)
	if err != nil || len(b) < least || len(b) > most {
		return nil, refuse("salt or tag is not base64 of an allowed length")
	}
	return b, nil
}

// refuse says why, and nothing of the string itself: its salt and tag do not belong in a log.
func refuse(why string) error { return fmt.Errorf("%w: %s", ErrStored, why) }
