package otp_test

import (
	"errors"
	"strings"
	"testing"

	"sallyport/shared/otp"
	"sallyport/shared/secret"
)

func TestExactlySixDigitsAreAOneTimePassword(t *testing.T) {
	for _, text := range []string{"000000", "123456", "999999"} {
		if code := parseCode(t, text); code.IsRecovery() || code.Recovery() != (otp.RecoveryCode{}) {
			t.Errorf("%q was taken for a recovery code", text)
		}
	}
}

func TestSixteenSymbolsAreARecoveryCodeInAnySpelling(t *testing.T) {
	want := parseCode(t, "0123-4567-89AB-CDEF").Recovery().Hash(testSecret, "user")
	for _, text := range []string{
		"0123456789ABCDEF",
		"0123-4567-89ab-cdef",
		"0123456789abcdef",
		"-0-123--456789ABCDEF---",
		"OI23-4567-89AB-CDEF",
		"ol23-4567-89ab-cdef",
		"oL23-4567-89aB-cDeF",
	} {
		code := parseCode(t, text)
		if !code.IsRecovery() || code.Recovery().Hash(testSecret, "user") != want {
			t.Errorf("%q is another code", text)
		}
	}
	if code := parseCode(t, "1234-5678-1234-5678"); !code.IsRecovery() {
		t.Error("sixteen digits are no recovery code")
	}
}

func TestAnyOtherFormIsRefused(t *testing.T) {
	const digits, recovery = "123456", "0123-4567-89AB-CDEF"
	for name, text := range map[string]string{
		"nothing":                    "",
		"five digits":                "12345",
		"seven digits":               "1234567",
		"eight digits":               "12345678",
		"a space before":             " 123456",
		"a space after":              "123456 ",
		"a space within":             "123 456",
		"a line end after":           "123456\n",
		"a hyphen within":            "123-456",
		"a plus sign":                "+12345",
		"a minus sign":               "-12345",
		"a minus sign and six":       "-123456",
		"a decimal point":            "12345.",
		"an exponent":                "1234e1",
		"hexadecimal":                "0x1234",
		"a letter":                   "12345a",
		"letters for digits":         "I2345O",
		"full-width digits":          "１２３４５６",
		"Arabic-Indic digits":        "١٢٣٤٥٦",
		"two full-width digits":      "１２",
		"a NUL after":                "123456\x00",
		"a mark for byte order":      "\ufeff123456",
		"fifteen symbols":            recovery[:18],
		"seventeen symbols":          recovery + "0",
		"a space in a recovery code": strings.ReplaceAll(recovery, "-", " "),
		"a space after it":           recovery + " ",
		"a line end after it":        recovery + "\n",
		"the letter U":               "U123-4567-89AB-CDEF",
		"an underscore":              strings.ReplaceAll(recovery, "-", "_"),
		"an en dash":                 strings.ReplaceAll(recovery, "-", "–"),
		"a long s":                   "ſ123-4567-89AB-CDEF",
		"a Kelvin sign":              "\u212a123-4567-89AB-CDEF",
		"full-width symbols":         "０１２３-4567-89AB-CDEF",
		"a check symbol":             recovery + "*",
		"only hyphens":               strings.Repeat("-", 16),
		"far too long":               strings.Repeat("0", 8<<10),
		"invalid UTF-8":              "\xff\xff\xff\xff\xff\xff",
		"two codes":                  digits + recovery,
	} {
		if code, err := otp.ParseCode(secret.New(text)); !errors.Is(err, otp.ErrCode) || code != (otp.Code{}) {
			t.Errorf("%s: %q was accepted, error %v", name, text, err)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	for _, seed := range []string{"123456", " 123456", "１２３４５６", "0123-4567-89AB-CDEF", "oI23456789abcdef", "U123456789ABCDEF", "----------------", "-12345"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, err := otp.ParseCode(secret.New(text))
		if err != nil {
			if !errors.Is(err, otp.ErrCode) || code != (otp.Code{}) {
				t.Fatalf("a Code came with error %v", err)
			}
			return
		}
		symbols := strings.ReplaceAll(text, "-", "")
		if !code.IsRecovery() {
			if len(text) != 6 || strings.Trim(text, "0123456789") != "" {
				t.Fatalf("%q was taken for six digits", text)
			}
			return
		}
		if len(symbols) != 16 {
			t.Fatalf("%q was taken for sixteen symbols", text)
		}
		shown := code.Recovery().Show().Reveal()
		again, err := otp.ParseCode(secret.New(shown))
		if err != nil || again.Recovery().Show().Reveal() != shown {
			t.Fatalf("%q is shown as %q, which reads otherwise: %v", text, shown, err)
		}
	})
}
