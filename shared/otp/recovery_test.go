package otp_test

import (
	"regexp"
	"testing"

	"sallyport/shared/otp"
)

// testSecret is bytes 0 to 19.
var testSecret = func() otp.Secret {
	key := make([]byte, otp.SecretLength)
	for i := range key {
		key[i] = byte(i)
	}
	s, err := otp.ParseSecret(key)
	if err != nil {
		panic(err)
	}
	return s
}()

func TestRecoveryCodesAreShownInFourGroupsOfFour(t *testing.T) {
	form := regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`)
	codes := otp.NewRecoveryCodes(1000)
	if len(codes) != 1000 {
		t.Fatalf("%d codes", len(codes))
	}
	symbols := make(map[rune]bool)
	for _, code := range codes {
		shown := code.Show().Reveal()
		if !form.MatchString(shown) {
			t.Fatalf("shown as %q", shown)
		}
		if entered := parseCode(t, shown); entered.Recovery().Hash(testSecret, "user") != code.Hash(testSecret, "user") {
			t.Fatalf("%q as entered is another code", shown)
		}
		for _, symbol := range shown {
			symbols[symbol] = true
		}
	}
	if len(symbols) != 33 { // 32 symbols and the hyphen; one of 16,000 draws misses a symbol with probability 10^-219
		t.Errorf("%d symbols in use", len(symbols))
	}
}

func TestRecoveryCodesAreAllDifferent(t *testing.T) {
	seen := make(map[string]bool)
	for range 2_000 {
		for _, code := range otp.NewRecoveryCodes(10) {
			seen[code.Show().Reveal()] = true
		}
	}
	if len(seen) != 20_000 {
		t.Errorf("%d different codes of 20,000", len(seen))
	}
}

func TestNoRecoveryCodesCanBeAskedFor(t *testing.T) {
	if codes := otp.NewRecoveryCodes(0); len(codes) != 0 {
		t.Errorf("%d codes", len(codes))
	}
}

// A change of this value would make every stored recovery code useless.
func TestTheHashOfARecoveryCodeIsFrozen(t *testing.T) {
	const want = "cc7bb9c8e364e120f633aad6373e1fbd94e4d18113ba5abe1a92b10101b4abfd"
	if got := parseCode(t, "0123-4567-89AB-CDEF").Recovery().Hash(testSecret, "00112233445566778899aabbccddeeff"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTheHashBindsTheAuthenticatorTheUserAndTheCode(t *testing.T) {
	code, other := parseCode(t, "0123-4567-89AB-CDEF").Recovery(), parseCode(t, "0123-4567-89AB-CDEG").Recovery()
	hashes := map[string]bool{
		code.Hash(testSecret, "alice"): true, code.Hash(testSecret, "bob"): true, other.Hash(testSecret, "alice"): true,
		code.Hash(testSecret, ""): true, code.Hash(testSecret, "alice0"): true, code.Hash(testSecret, "alice\x00"): true,
		code.Hash(otp.NewSecret(), "alice"): true,
	}
	if len(hashes) != 7 {
		t.Errorf("%d different hashes of 7", len(hashes))
	}
}
