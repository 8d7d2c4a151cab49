package otp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"sallyport/shared/otp"
)

func TestSecretsAreTwentyRandomBytes(t *testing.T) {
	seen := make(map[string]bool)
	for range 10_000 {
		key := otp.NewSecret().Bytes()
		if len(key) != 20 {
			t.Fatalf("%d bytes", len(key))
		}
		seen[string(key)] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("%d different secrets of 10,000", len(seen))
	}
}

func TestASecretSurvivesStorage(t *testing.T) {
	s := otp.NewSecret()
	stored, err := otp.ParseSecret(s.Bytes())
	if err != nil || !bytes.Equal(stored.Bytes(), s.Bytes()) {
		t.Errorf("error %v", err)
	}
}

func TestASecretOfAnotherLengthIsRefused(t *testing.T) {
	for _, n := range []int{0, 10, 19, 21, 32} {
		if _, err := otp.ParseSecret(make([]byte, n)); !errors.Is(err, otp.ErrSecret) {
			t.Errorf("%d bytes: error %v", n, err)
		}
	}
}

func TestASecretDoesNotChangeWithTheBytesItCameFrom(t *testing.T) {
	key := []byte(rfcSecret)
	s, err := otp.ParseSecret(key)
	if err != nil {
		t.Fatal(err)
	}
	key[0], s.Bytes()[1] = 'x', 'x'
	if string(s.Bytes()) != rfcSecret {
		t.Error("it changed")
	}
}

func TestASecretIsShownInUnpaddedBase32(t *testing.T) {
	if got := parseSecret(t, rfcSecret).Base32().Reveal(); got != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Error(got)
	}
}

func TestTheURIIsWhatAuthenticatorAppsRead(t *testing.T) {
	const tail = "&algorithm=SHA1&digits=6&period=30"
	const key = "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer="
	for _, c := range []struct{ issuer, account, want string }{
		{"Sallyport", "alice", "otpauth://totp/Sallyport:alice" + key + "Sallyport" + tail},
		{"ACME Co", "alice@example.com", "otpauth://totp/ACME%20Co:alice%40example.com" + key + "ACME%20Co" + tail},
		{"A&B=C+D", "a:b/c?d#e%f", "otpauth://totp/A%26B%3DC%2BD:a%3Ab%2Fc%3Fd%23e%25f" + key + "A%26B%3DC%2BD" + tail},
		{"Sallyport", "zoë", "otpauth://totp/Sallyport:zo%C3%AB" + key + "Sallyport" + tail},
		{"Sallyport", "ユーザー", "otpauth://totp/Sallyport:%E3%83%A6%E3%83%BC%E3%82%B6%E3%83%BC" + key + "Sallyport" + tail},
	} {
		got := parseSecret(t, rfcSecret).URI(c.issuer, c.account).Reveal()
		if got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		read, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		if read.Path != "/"+c.issuer+":"+c.account || read.Query().Get("issuer") != c.issuer {
			t.Errorf("%s reads as account %q of %q", got, read.Path, read.Query().Get("issuer"))
		}
	}
}

func TestSecretsAndCodesNeverPrintThemselves(t *testing.T) {
	s := parseSecret(t, rfcSecret)
	code, recovery := parseCode(t, "081804"), otp.NewRecoveryCodes(1)[0]
	entered := parseCode(t, recovery.Show().Reveal())
	inside := struct {
		Secret, hidden     otp.Secret
		Code, hiddenCode   otp.Code
		Recovery, recovery otp.RecoveryCode
		Entered, entered   otp.Code
	}{s, s, code, code, recovery, recovery, entered, entered}

	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, strings.Repeat(verb, 6), s, &s, code, recovery, entered, inside)
		fmt.Fprintf(&out, verb+verb+verb, s.Base32(), s.URI("Sallyport", "alice"), recovery.Show())
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "a", s, "b", code, "c", recovery, "d", inside)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "a", s, "b", code, "c", recovery, "d", inside)
	encoded, err := json.Marshal(inside)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)

	shown := recovery.Show().Reveal()
	for _, canary := range []string{rfcSecret, s.Base32().Reveal(), "081804", shown, strings.ReplaceAll(shown, "-", "")} {
		for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprintf("%d", []byte(canary))} {
			if strings.Contains(out.String(), form) {
				t.Errorf("a secret was printed as %q in:\n%s", form, out.String())
			}
		}
	}
}
