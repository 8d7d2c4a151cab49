package token_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"sallyport/shared/token"
)

// mustBeForged asserts that s has the form of a token, that key did not sign it, and that it then says nothing.
func mustBeForged(t *testing.T, what, s string, key []byte) {
	t.Helper()
	parsed, err := token.Parse(s)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if claims, err := parsed.Verify(tagOf(key, parsed)); !errors.Is(err, token.ErrSignature) || claims != (token.Claims{}) {
		t.Errorf("%s: %+v, %v, want nothing and ErrSignature", what, claims, err)
	}
}

func TestWhatIsMintedVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, claims := rapid.SliceOf(rapid.Byte()).Draw(t, "key"), drawClaims(t)
		parsed, err := token.Parse(mint(key, claims).Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parsed.Verify(tagOf(key, parsed)); err != nil || got != claims {
			t.Fatalf("%+v, %v, want %+v", got, err, claims)
		}
	})
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	good, key := genuine(t)
	for at := range rawSize {
		for bit := range 8 {
			raw := decoded(t, good)
			raw[at] ^= 1 << bit
			mustBeMalformed(t, "with the CRC of the original", spelled(raw))
			switch {
			case at == 0:
				mustBeMalformed(t, "another version", spelled(withChecksum(raw)))
			case at < checksumAt:
				mustBeForged(t, "with a CRC that fits", spelled(withChecksum(raw)), key)
			}
		}
	}
}

func TestATagOfAnotherKeyIsRefused(t *testing.T) {
	good, key := genuine(t)
	longer := append([]byte{}, key...)
	for what, other := range map[string][]byte{
		"another key": []byte("another key, of thirty-two bytes"), "no key": nil, "half the key": key[:16],
		// HMAC pads a short key with zeros, so key and key+0 are the same to it: keys are always 32 bytes, and here is one of 33.
		"a longer key": append(longer, 1),
	} {
		mustBeForged(t, what, good, other)
	}
}

func TestATagOverAnotherPrefixIsRefused(t *testing.T) {
	good, key := genuine(t)
	for _, prefix := range []string{"", "spr_", "SPT_", "spt"} {
		raw := withChecksum(signed(decoded(t, good), prefix, key))
		mustBeForged(t, "tag over the prefix "+prefix, spelled(raw), key)
	}
	if raw := withChecksum(signed(decoded(t, good), token.Prefix, key)); spelled(raw) != good {
		t.Error("the test does not sign as the package does")
	}
}

func TestTheChecksumProvesNothing(t *testing.T) {
	_, key := genuine(t)
	raw := make([]byte, rawSize)
	raw[0] = 1
	raw[keyDayAt+1] = 0x51
	mustBeForged(t, "made up by hand, all zero but for its form", spelled(withChecksum(raw)), key)
}

func TestParsingAndVerifyingStayWithinTheirAllocations(t *testing.T) {
	good, key := genuine(t)
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := token.Parse(good); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("Parse allocates %v times, want at most 1", n)
	}
	parsed, err := token.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := parsed.Verify(tagOf(key, parsed)); err != nil {
			t.Fatal(err)
		}
	}); n > 7 {
		t.Errorf("Verify allocates %v times, want at most 7", n)
	}
}

func BenchmarkParse(b *testing.B) {
	good, _ := genuine(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := token.Parse(good); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	good, key := genuine(b)
	parsed, err := token.Parse(good)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parsed.Verify(tagOf(key, parsed)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMint(b *testing.B) {
	v := vectors(b)[0]
	claims := v.claims()
	b.ReportAllocs()
	for b.Loop() {
		mint(v.Key, claims)
	}
}
