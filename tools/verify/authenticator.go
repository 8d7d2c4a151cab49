package main

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // G505: RFC 6238's default, and what every app computes
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// authenticator is an authenticator app that has scanned an account's QR code.
type authenticator struct {
	key    []byte
	digits int
	period int64 // seconds
}

// scan reads an otpauth URI (https://github.com/google/google-authenticator/wiki/Key-Uri-Format) as the common apps do: they
// know HMAC-SHA-1 alone. The error does not repeat the URI, which holds the secret.
func scan(uri string) (authenticator, error) {
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Scheme != "otpauth" || parsed.Host != "totp" {
		return authenticator{}, errors.New("the URI does not begin with otpauth://totp/")
	}
	query := parsed.Query()
	app := authenticator{digits: 6, period: 30}
	if app.key, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(query.Get("secret")); err != nil || len(app.key) == 0 {
		return authenticator{}, errors.New("the URI's secret is not unpadded base32")
	}
	if algorithm := query.Get("algorithm"); algorithm != "" && algorithm != "SHA1" {
		return authenticator{}, fmt.Errorf("algorithm %.20q: most apps compute SHA1 whatever it says", algorithm)
	}
	if digits := query.Get("digits"); digits != "" && digits != "6" {
		return authenticator{}, fmt.Errorf("digits %.20q: most apps show 6 whatever it says", digits)
	}
	if period := query.Get("period"); period != "" {
		if app.period, err = strconv.ParseInt(period, 10, 32); err != nil || app.period < 1 {
			return authenticator{}, fmt.Errorf("period %.20q is not a number of seconds", period)
		}
	}
	return app, nil
}

// code returns what the app shows at t (RFC 6238 section 4.2 over RFC 4226 section 5.3).
func (a authenticator) code(t time.Time) string {
	mac := hmac.New(sha1.New, a.key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(t.Unix()/a.period))) //nolint:gosec // G115: after 1970
	sum := mac.Sum(nil)
	truncated := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0x0f:]) & 0x7fffffff
	modulus := uint32(1)
	for range a.digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", a.digits, truncated%modulus)
}

// wrongCode returns a code that is none of those around t, however the service's clock and this one differ.
func (a authenticator) wrongCode(t time.Time) string {
	const steps = 10
	right := map[string]bool{}
	for i := int64(-steps); i <= steps; i++ {
		right[a.code(t.Add(time.Duration(i*a.period)*time.Second))] = true
	}
	for n := 0; ; n++ {
		if code := fmt.Sprintf("%0*d", a.digits, n); !right[code] {
			return code
		}
	}
}
