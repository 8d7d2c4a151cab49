// Package otp holds the second factor: time-based one-time passwords (TOTP, RFC 6238) and recovery codes.
package otp

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"sallyport/shared/secret"
)

// The form of a one-time password: what every authenticator app supports, and most support alone.
const (
	Digits       = 6
	Period       = 30 * time.Second
	SecretLength = 20 // bytes: 160 bits, as RFC 4226 §4 R6 recommends, and the output length of its SHA-1
)

// ErrSecret means that bytes of another length than SecretLength were given as a secret.
var ErrSecret = errors.New("otp: a TOTP secret has 20 bytes")

// Secret is the key that an authenticator app and the service share. Nothing prints it. The zero value matches no code.
type Secret struct{ key secret.Text }

// NewSecret returns a fresh secret.
func NewSecret() Secret {
	key := make([]byte, SecretLength)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return Secret{secret.New(string(key))}
}

// ParseSecret is the inverse of Bytes. The error is ErrSecret.
func ParseSecret(key []byte) (Secret, error) {
	if len(key) != SecretLength {
		return Secret{}, ErrSecret
	}
	return Secret{secret.New(string(key))}, nil
}

// Bytes returns the secret itself, to be sealed and stored.
func (s Secret) Bytes() []byte { return []byte(s.key.Reveal()) }

// Base32 returns the secret as a person types it into an app: base32 without padding (RFC 4648 §6).
func (s Secret) Base32() secret.Text {
	return secret.New(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s.Bytes()))
}

// URI returns the secret as an app reads it from a QR code, in the Key URI format
// (https://github.com/google/google-authenticator/wiki/Key-Uri-Format). The issuer must not contain a colon: apps end it there.
// The account may be any text.
func (s Secret) URI(issuer, account string) secret.Text {
	return secret.New(fmt.Sprintf("otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d",
		percentEncode(issuer), percentEncode(account), s.Base32().Reveal(), percentEncode(issuer), Digits, int64(Period/time.Second)))
}

// percentEncode encodes all but RFC 3986's unreserved characters. A space becomes %20: apps show the "+" of a query as it is.
func percentEncode(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
