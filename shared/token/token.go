// Package token is the format of access tokens and API tokens: minting, parsing and verifying them. It is pure, bytes in and
// bytes out; the key stays with whoever computes the tag (package envelope).
//
// A token is a prefix that says its kind, "spt_" for an access token and "spk_" for an API token, followed by the base64url of 90
// bytes, without padding:
//
//	offset  bytes  field
//	     0      1  version, 1
//	     1      3  key day: days since 1970-01-01 UTC, big-endian
//	     4      1  key generation
//	     5     16  user id
//	    21     16  token id, from crypto/rand
//	    37      1  role
//	    38      8  issued, Unix seconds, big-endian
//	    46      8  expires, Unix seconds, big-endian
//	    54     32  tag: HMAC-SHA-256 (RFC 2104) over the prefix and bytes 0 to 53
//	    86      4  CRC-32 (IEEE 802.3) of bytes 0 to 85, big-endian
//
// 90 is divisible by 3, so base64 has neither padding nor spare bits, and every token has exactly one spelling. The prefix
// and the CRC let anyone recognise a leaked token without a key; neither says anything about whether it is genuine. Only the
// tag does, and nothing in a token may be believed before it has been checked: that is why parsing gives an Unverified,
// which tells no more than the key to check it with.
package token

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"sallyport/shared/secret"
)

// Sizes and marks of the format.
const (
	Prefix    = "spt_"                 // of an access token
	APIPrefix = "spk_"                 // of an API token; as long as Prefix
	Length    = len(Prefix) + size/3*4 // characters of a token: 124

	version   = 1
	size      = 90
	tagOffset = 54
	crcOffset = 86

	// TagSize is the length of the tag in bytes.
	TagSize = sha256.Size

	// MaxKeyDay is the last key day that three bytes hold, in the year 47904.
	MaxKeyDay = 1<<24 - 1
)

// ErrMalformed is what every string that is not a token in form gets: wrong length, prefix, alphabet, version or CRC.
var ErrMalformed = errors.New("token: malformed")

// ErrSignature reports a tag that the key did not make.
var ErrSignature = errors.New("token: wrong signature")

// encoding has one text for given bytes. It is made once, because Strict copies its tables.
var encoding = base64.RawURLEncoding.Strict() //nolint:gochecknoglobals // never assigned again

// ID is a user's or a token's identifier: 128 bits from crypto/rand, so that none can be guessed and none repeats
// (RFC 6749 section 10.10 asks that guessing succeed with probability at most 2^-128).
type ID [16]byte

// NewID returns a fresh ID.
func NewID() (id ID) {
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the process instead
	return id
}

// String returns the ID as 32 lower-case hexadecimal digits, its form in tables and on the wire.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads what String returns, and nothing else.
func ParseID(s string) (id ID, ok bool) {
	if len(s) != 2*len(id) {
		return ID{}, false
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil || id.String() != s {
		return ID{}, false
	}
	return id, true
}

// Kind is what a token is good for.
type Kind uint8

// The kinds. The zero Kind is the one that everybody gets at sign-in.
const (
	Access Kind = iota // the token of a session, which sign-in and renewal give
	API                // for a script, made by an account and independent of its sessions
)

// String returns the kind's name in tables, logs and the authorizer's context.
func (k Kind) String() string {
	if k == API {
		return "api-token"
	}
	return "session"
}

// ParseKind reads what String returns.
func ParseKind(text string) (Kind, bool) {
	for _, kind := range []Kind{Access, API} {
		if kind.String() == text {
			return kind, true
		}
	}
	return Access, false
}

func (k Kind) prefix() string {
	if k == API {
		return APIPrefix
	}
	return Prefix
}

// Claims is what a token says. It may be believed only as Verify returns it.
type Claims struct {
	Kind       Kind
	KeyDay     uint32 // days since 1970-01-01 UTC: with Generation it names the data key
	Generation uint8
	UserID     ID
	TokenID    ID
	Role       uint8
	Issued     int64 // Unix seconds
	Expires    int64 // Unix seconds; the token is good before this second, not at it
}

// Sign returns the tag of a message: HMAC-SHA-256 under the signing key of the data key that the claims name.
type Sign func(message []byte) (tag [TagSize]byte, err error)

// Mint returns the token that says c. The key day must be at most MaxKeyDay. The only error is sign's.
func Mint(c Claims, sign Sign) (secret.Text, error) {
	u := &Unverified{}
	copy(u.text[:], c.Kind.prefix())
	raw := u.raw()
	raw[0] = version
	raw[1], raw[2], raw[3] = byte(c.KeyDay>>16), byte(c.KeyDay>>8), byte(c.KeyDay) //nolint:gosec // G115: at most MaxKeyDay
	raw[4] = c.Generation
	copy(raw[5:], c.UserID[:])
	copy(raw[21:], c.TokenID[:])
	raw[37] = c.Role
	binary.BigEndian.PutUint64(raw[38:], uint64(c.Issued))  //nolint:gosec // G115: the bit pattern is the format
	binary.BigEndian.PutUint64(raw[46:], uint64(c.Expires)) //nolint:gosec // G115: the bit pattern is the format
	tag, err := sign(u.Signed())
	if err != nil {
		return secret.Text{}, err
	}
	copy(raw[tagOffset:], tag[:])
	binary.BigEndian.PutUint32(raw[crcOffset:], crc32.ChecksumIEEE(raw[:crcOffset]))
	return secret.New(c.Kind.prefix() + encoding.EncodeToString(raw)), nil
}

// Unverified is a string that has the form of a token. Anybody can make one.
type Unverified struct {
	text [len(Prefix) + size]byte // the prefix and the decoded bytes: the signed part in one piece
}

func (u *Unverified) raw() []byte { return u.text[len(Prefix):] }

// Format implements fmt.Formatter: no verb prints the bytes, which are a whole token.
func (Unverified) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") } // fmt.State cannot report a failed write

// Parse checks the form of s: it needs no key and believes nothing. The error is ErrMalformed.
func Parse(s string) (*Unverified, error) {
	if len(s) != Length || s[:len(Prefix)] != Prefix && s[:len(Prefix)] != APIPrefix {
		return nil, ErrMalformed
	}
	u := &Unverified{}
	copy(u.text[:], s[:len(Prefix)])
	raw := u.raw()
	// The decoder skips line breaks, so that a string with some decodes to fewer bytes.
	n, err := encoding.Decode(raw, []byte(s[len(Prefix):]))
	if err != nil || n != size || raw[0] != version ||
		crc32.ChecksumIEEE(raw[:crcOffset]) != binary.BigEndian.Uint32(raw[crcOffset:]) {
		return nil, ErrMalformed
	}
	return u, nil
}

// Kind returns the kind of token that it is said to be.
func (u *Unverified) Kind() Kind {
	if string(u.text[:len(Prefix)]) == APIPrefix {
		return API
	}
	return Access
}

// KeyDay returns the day of the data key that is said to have signed the token.
func (u *Unverified) KeyDay() uint32 {
	raw := u.raw()
	return uint32(raw[1])<<16 | uint32(raw[2])<<8 | uint32(raw[3])
}

// Generation returns the generation of that data key.
func (u *Unverified) Generation() uint8 { return u.raw()[4] }

// Signed returns the message that the tag is made over. It begins with the prefix, so that a token of one kind cannot stand in
// for another kind's (RFC 8725 section 3.11 on explicit typing).
func (u *Unverified) Signed() []byte { return u.text[:len(Prefix)+tagOffset] }

// Verify compares the token's tag in constant time with the one that Signed has under the right key, and returns what the token
// says. The error is ErrSignature. Whether the token has expired is for the caller to ask.
func (u *Unverified) Verify(tag [TagSize]byte) (Claims, error) {
	raw := u.raw()
	if !hmac.Equal(tag[:], raw[tagOffset:crcOffset]) {
		return Claims{}, ErrSignature
	}
	return Claims{
		Kind:       u.Kind(),
		KeyDay:     u.KeyDay(),
		Generation: u.Generation(),
		UserID:     ID(raw[5:21]),
		TokenID:    ID(raw[21:37]),
		Role:       raw[37],
		Issued:     int64(binary.BigEndian.Uint64(raw[38:])), //nolint:gosec // G115: the bit pattern is the format
		Expires:    int64(binary.BigEndian.Uint64(raw[46:])), //nolint:gosec // G115: the bit pattern is the format
	}, nil
}
