package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
)

// The documented form of an access token: "spt_" and 90 bytes in base64url.
const (
	tokenPrefix = "spt_"
	tokenLength = 124
	tokenSize   = 90

	roleOffset = 37
	tagOffset  = 54 // 32 bytes: the only part that nobody can compute who has not got the key
	crcOffset  = 86
)

// accessToken is a token taken apart.
type accessToken struct {
	text       string
	raw        []byte // the 90 bytes
	keyDay     uint32 // days since 1970-01-01 UTC
	generation uint8
	userID     string // 32 lower-case hexadecimal digits
	tokenID    string // the same
	role       byte
	issued     int64 // Unix seconds
	expires    int64 // Unix seconds
}

// parseToken checks the documented form, all of it that can be checked without a key. The error does not repeat the token.
func parseToken(text string) (accessToken, error) {
	if len(text) != tokenLength || text[:len(tokenPrefix)] != tokenPrefix {
		return accessToken{}, fmt.Errorf("a token has %d characters and begins with %s; this one has %d", tokenLength, tokenPrefix, len(text))
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text[len(tokenPrefix):])
	if err != nil || len(raw) != tokenSize {
		return accessToken{}, errors.New("the token is not base64url of 90 bytes")
	}
	if raw[0] != 1 {
		return accessToken{}, fmt.Errorf("the token has version %d, want 1", raw[0])
	}
	if binary.BigEndian.Uint32(raw[crcOffset:]) != crc32.ChecksumIEEE(raw[:crcOffset]) {
		return accessToken{}, errors.New("the token's CRC-32 is wrong")
	}
	return accessToken{
		text: text, raw: raw,
		keyDay: binary.BigEndian.Uint32(raw[0:]) & 0xffffff, generation: raw[4],
		userID: hex.EncodeToString(raw[5:21]), tokenID: hex.EncodeToString(raw[21:37]), role: raw[roleOffset],
		issued:  int64(binary.BigEndian.Uint64(raw[38:])), //nolint:gosec // G115: the bit pattern is the format
		expires: int64(binary.BigEndian.Uint64(raw[46:])), //nolint:gosec // G115: the bit pattern is the format
	}, nil
}

// altered returns the token with one byte changed and the CRC made right again, as a forger would: only the tag can tell.
func (t accessToken) altered(offset int, value byte) string {
	raw := append([]byte(nil), t.raw...)
	raw[offset] = value
	binary.BigEndian.PutUint32(raw[crcOffset:], crc32.ChecksumIEEE(raw[:crcOffset]))
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(raw)
}

// secretPart is the tag.
func (t accessToken) secretPart() []byte { return t.raw[tagOffset:crcOffset] }

// shorten makes a long value fit to be shown: its first four characters, which for a token are its public prefix.
func shorten(secret string) string {
	const shown = 4
	if len(secret) <= 2*shown {
		return "…"
	}
	return secret[:shown] + "…"
}
