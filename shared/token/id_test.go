package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"sallyport/shared/token"
)

func TestAHundredThousandIDsAreUnique(t *testing.T) {
	const n = 100_000
	seen := make(map[token.ID]bool, n)
	var ones [16]int
	for range n {
		id := token.NewID()
		if seen[id] {
			t.Fatalf("%s came twice", id)
		}
		seen[id] = true
		for i, b := range id {
			ones[i] += int(b & 1)
		}
	}
	for i, count := range ones { // 9 standard deviations off: no byte is left out of the randomness
		if count < n/2-1500 || count > n/2+1500 {
			t.Errorf("byte %d is odd %d times in %d", i, count, n)
		}
	}
}

func TestAnIDReadsBackAndHasOneSpelling(t *testing.T) {
	id := token.NewID()
	text := id.String()
	if got, ok := token.ParseID(text); !ok || got != id {
		t.Errorf("ParseID(%q) = %v, %t", text, got, ok)
	}
	const digits = "0123456789abcdef0123456789abcdef"
	for _, s := range []string{
		"", digits[:30], digits[:31], digits + "0", digits + digits, strings.ToUpper(digits), "0x" + digits[:30], " " + digits[:31],
		digits[:31] + "g", digits[:31] + "\n", digits[:31] + "F", digits[:30] + "é", "{" + digits[:30] + "}",
		"01234567-89ab-cdef-0123-456789abcdef",
	} {
		if got, ok := token.ParseID(s); ok || got != (token.ID{}) {
			t.Errorf("ParseID(%q) = %v, %t, want nothing", s, got, ok)
		}
	}
}

func TestATokenNeverPrintsItself(t *testing.T) {
	v := vectors(t)[0]
	minted := mint(v.Key, v.claims())
	parsed, err := token.Parse(v.Token)
	if err != nil {
		t.Fatal(err)
	}
	inside := struct{ Minted, Parsed any }{minted, parsed}

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U"} {
		fmt.Fprintf(&out, verb+"\n"+verb+"\n"+verb+"\n"+verb+"\n", minted, parsed, *parsed, inside)
	}
	logged := []any{"minted", minted, "parsed", parsed, "value", *parsed, "inside", inside}
	slog.New(slog.NewTextHandler(&out, nil)).Info("a token", logged...)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("a token", logged...)
	encoded, err := json.Marshal(inside)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)

	tag := decoded(t, v.Token)[tagAt:checksumAt]
	for _, form := range []string{
		v.Token[4:20], v.Token[100:], string(tag), hex.EncodeToString(tag[:8]), strings.ToUpper(hex.EncodeToString(tag[:8])),
		base64.StdEncoding.EncodeToString(tag[:9]), strings.Trim(fmt.Sprint(tag[:8]), "[]"), strings.Trim(fmt.Sprintf("%#x", tag[:2]), "[]"),
	} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the token was printed as %q in:\n%s", form, out.String())
		}
	}
}
