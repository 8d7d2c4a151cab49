package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sallyport/shared/token"
)

func mustBeMalformed(t *testing.T, what, s string) {
	t.Helper()
	if _, err := token.Parse(s); !errors.Is(err, token.ErrMalformed) {
		t.Errorf("%s: %v, want ErrMalformed: %q", what, err, s)
	}
}

func TestNoCharacterCanBeReplaced(t *testing.T) {
	good, _ := genuine(t)
	for at := range len(good) {
		for c := range 256 {
			if byte(c) == good[at] {
				continue
			}
			changed := good[:at] + string([]byte{byte(c)}) + good[at+1:]
			if strings.HasPrefix(changed, token.APIPrefix) { // the other kind's form, and the tag of neither
				continue
			}
			if _, err := token.Parse(changed); !errors.Is(err, token.ErrMalformed) {
				t.Fatalf("character %d as %#x: %v, want ErrMalformed", at, c, err)
			}
		}
	}
}

func TestNoCharacterCanBeInsertedOrLost(t *testing.T) {
	good, _ := genuine(t)
	for at := range len(good) + 1 {
		for _, extra := range []string{"\n", "\r", "\r\n", " ", "\t", "\x00", "=", "A", "-", "\u200b", "\ufeff"} {
			inserted := good[:at] + extra + good[at:]
			mustBeMalformed(t, "inserted", inserted)
			if cut := inserted[:len(good)]; cut != good {
				mustBeMalformed(t, "inserted, and cut to the right length", cut)
			}
		}
		if at < len(good) {
			mustBeMalformed(t, "lost", good[:at]+good[at+1:])
			mustBeMalformed(t, "cut, and padded to the right length", good[:at]+strings.Repeat("=", len(good)-at))
		}
	}
}

func TestALineBreakIsNotReadAsAZero(t *testing.T) {
	good, key := genuine(t)
	raw := decoded(t, good)
	// A token that ends in a zero byte, one in 256, ends in "A". Decoders skip line breaks, and what is then missing at the
	// end could be taken for that zero.
	for n := byte(0); raw[rawSize-1] != 0; n++ {
		raw[keyDayAt+2] = n
		raw = withChecksum(signed(raw, token.Prefix, key))
	}
	ending := spelled(raw)
	if _, err := token.Parse(ending); err != nil {
		t.Fatal(err)
	}
	for at := range len(ending) {
		mustBeMalformed(t, "a line break for its last character", ending[:at]+"\n"+ending[at:len(ending)-1])
	}
}

func TestOtherSpellingsAreMalformed(t *testing.T) {
	good, _ := genuine(t)
	body := strings.TrimPrefix(good, token.Prefix)
	// The standard alphabet differs in two characters, which this one must therefore have.
	full := spelled(withChecksum(append([]byte{1}, []byte(strings.Repeat("\xff\xef\xbe", 30))[1:]...)))
	if _, err := token.Parse(full); err != nil || !strings.ContainsAny(full, "-_") {
		t.Fatalf("%q: %v", full, err)
	}
	for what, s := range map[string]string{
		"nothing":               "",
		"the prefix alone":      token.Prefix,
		"no prefix":             body,
		"the prefix twice":      token.Prefix + good,
		"prefix in capitals":    "SPT_" + body,
		"prefix with a hyphen":  "spt-" + body,
		"another prefix":        "spr_" + body,
		"one padding":           good + "=",
		"padding":               good + "==",
		"padding in its place":  good[:len(good)-1] + "=",
		"space before":          " " + good,
		"space after":           good + " ",
		"line break after":      good + "\n",
		"NUL after":             good + "\x00",
		"line breaks for bytes": good[:len(good)-4] + "\r\n\r\n",
		"lower case":            strings.ToLower(good),
		"upper case":            token.Prefix + strings.ToUpper(body),
		"standard alphabet":     token.Prefix + strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimPrefix(full, token.Prefix)),
		"percent encoding":      "spt%5F" + body,
		"quotes":                `"` + good + `"`,
		"with its scheme":       "Bearer " + good,
		"three bytes more":      good + "AAAA",
		"three bytes less":      good[:len(good)-4],
		"twice":                 good + good,
		"a megabyte":            good + strings.Repeat("A", 1<<20),
		"full-width prefix":     "ｓｐｔ_" + body,
	} {
		mustBeMalformed(t, what, s)
	}
}

func TestEveryOtherLengthIsMalformed(t *testing.T) {
	for n := checksumAt; n < 3*rawSize; n++ {
		raw := make([]byte, n)
		raw[0] = 1
		copy(raw, withChecksum(raw))
		if _, err := token.Parse(spelled(raw)); (err == nil) != (n == rawSize) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestAnotherVersionIsMalformedHoweverWellSigned(t *testing.T) {
	good, key := genuine(t)
	for version := range 256 {
		raw := decoded(t, good)
		raw[0] = byte(version)
		s := spelled(withChecksum(signed(raw, token.Prefix, key)))
		if _, err := token.Parse(s); (err == nil) != (version == 1) {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

// signed returns raw with the tag over prefix and claims that belongs to it.
func signed(raw []byte, prefix string, key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(prefix))
	mac.Write(raw[:tagAt])
	return mac.Sum(raw[:tagAt:tagAt])
}

func TestATokenHasOneSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		good := mint(rapid.SliceOf(rapid.Byte()).Draw(t, "key"), drawClaims(t)).Reveal()
		first, err := token.Parse(good)
		if err != nil {
			t.Fatalf("a minted token: %v", err)
		}
		// A different string is no token, or another one. The edits are those that decoders are known to forgive.
		other := []byte(good)
		for range rapid.IntRange(1, 4).Draw(t, "edits") {
			at := rapid.IntRange(0, len(other)-1).Draw(t, "at")
			other[at] = rapid.SampledFrom([]byte("\r\n =+/-_AQgw019zZ\x00\xff")).Draw(t, "character")
		}
		if second, err := token.Parse(string(other)); err == nil && (*second == *first) != (string(other) == good) {
			t.Fatalf("two spellings of one token:\n%q\n%q", good, other)
		}
	})
}

func drawClaims(t *rapid.T) token.Claims {
	id := rapid.SliceOfN(rapid.Byte(), 16, 16)
	return token.Claims{
		KeyDay: rapid.Uint32Range(0, token.MaxKeyDay).Draw(t, "key day"), Generation: rapid.Uint8().Draw(t, "generation"),
		UserID: token.ID(id.Draw(t, "user id")), TokenID: token.ID(id.Draw(t, "token id")), Role: rapid.Uint8().Draw(t, "role"),
		Issued: rapid.Int64().Draw(t, "issued"), Expires: rapid.Int64().Draw(t, "expires"),
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Token)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parsed, err := token.Parse(s)
		if err != nil {
			if !errors.Is(err, token.ErrMalformed) || parsed != nil {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if again := s[:len(token.Prefix)] + spelled(withChecksum(decoded(t, s)))[len(token.Prefix):]; again != s {
			t.Fatalf("%q is a second spelling of %q", s, again)
		}
		if _, err := parsed.Verify(tagOf([]byte("a key that signed nothing"), parsed)); !errors.Is(err, token.ErrSignature) {
			t.Fatalf("a made-up token verifies: %v", err)
		}
	})
}
