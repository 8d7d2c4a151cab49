package password

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"sallyport/shared/secret"
)

func prepare(t *testing.T, typed string) Plain {
	t.Helper()
	p, err := Prepare(secret.New(typed))
	if err != nil {
		t.Fatalf("Prepare(%+q): %v", typed, err)
	}
	return p
}

func TestLengthIsCountedInCodePointsAfterNormalization(t *testing.T) {
	const decomposed = "e\u0301" // two code points that NFC makes one
	cases := []struct {
		name, typed string
		want        error
	}{
		{"nothing", "", ErrLength},
		{"7", strings.Repeat("a", 7), ErrLength},
		{"8", strings.Repeat("a", 8), nil},
		{"64", strings.Repeat("a", 64), nil},
		{"128", strings.Repeat("a", 128), nil},
		{"129", strings.Repeat("a", 129), ErrLength},
		{"8 of four bytes each", strings.Repeat("🔑", 8), nil},
		{"128 of four bytes each", strings.Repeat("🔑", 128), nil},
		{"14 that become 7", strings.Repeat(decomposed, 7), ErrLength},
		{"16 that become 8", strings.Repeat(decomposed, 8), nil},
		{"256 that become 128", strings.Repeat(decomposed, 128), nil},
		{"258 that become 129", strings.Repeat(decomposed, 129), ErrLength},
		{"8 spaces", strings.Repeat(" ", 8), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Prepare(secret.New(c.typed)); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func TestPasswordsAreNotTrimmedFoldedOrTruncated(t *testing.T) {
	long := strings.Repeat("x", 127)
	for _, pair := range [][2]string{
		{"correct horse", " correct horse"},
		{"correct horse", "correct horse "},
		{"correct horse", "correct  horse"},
		{"correct horse", "Correct horse"},
		{long[:72] + "a", long[:72] + "b"},
		{long + "a", long + "b"},
		{"straße in Köln", "strasse in Köln"},
		{"password①", "password1"}, // NFC, not NFKC
		{"ｐａｓｓｗｏｒｄ", "password"},
	} {
		if prepare(t, pair[0]).text.Reveal() == prepare(t, pair[1]).text.Reveal() {
			t.Errorf("%q and %q became one password", pair[0], pair[1])
		}
	}
}

func TestOnePasswordTypedOnTwoKeyboardsIsOnePassword(t *testing.T) {
	for _, pair := range [][2]string{
		{"caf\u00e9 noir", "cafe\u0301 noir"},
		{"correct horse", "correct\u00a0horse"},
		{"correct horse", "correct\u3000horse"},
		{"\uac01\uac01\uac01\uac01\uac01\uac01\uac01\uac01", strings.Repeat("\u1100\u1161\u11a8", 8)},
	} {
		if prepare(t, pair[0]).text.Reveal() != prepare(t, pair[1]).text.Reveal() {
			t.Errorf("%+q and %+q are two passwords", pair[0], pair[1])
		}
	}
}

func TestCharactersThatCannotBeTypedAgainAreRefused(t *testing.T) {
	for name, typed := range map[string]string{
		"NUL":           "correct\x00horse",
		"tab":           "correct\thorse",
		"line end":      "correct\nhorse",
		"delete":        "correct\x7fhorse",
		"invalid UTF-8": "correct\xffhorse",
		"surrogate":     "correct\xed\xa0\x80horse",
		"unassigned":    "correct\u0378horse",
		"private use":   "correct\ue000horse",
		"soft hyphen":   "correct\u00adhorse",
		"joiner":        "correct\u200dhorse",
		"bidi override": "correct\u202ehorse",
		"tag":           "correct\U000e0041horse",
	} {
		if _, err := Prepare(secret.New(typed)); !errors.Is(err, ErrCharacters) {
			t.Errorf("%s: error %v, want %v", name, err, ErrCharacters)
		}
	}
}

func TestPlainNeverPrintsItself(t *testing.T) {
	const canary = "canary-7f3a"
	p := prepare(t, canary)
	inside := struct{ Password, hidden Plain }{p, p}

	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb, p, &p, inside)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "a", p, "b", inside)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "a", p, "b", inside)
	encoded, err := json.Marshal(inside)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the password was printed as %q in:\n%s", form, out.String())
		}
	}
}

func FuzzPrepare(f *testing.F) {
	f.Add("correct horse")
	f.Add("cafe\u0301 noir")
	f.Add("correct\u3000horse")
	f.Add("correct\x00horse")
	f.Add(strings.Repeat("\u1100\u1161\u11a8", 8))
	f.Fuzz(func(t *testing.T, typed string) {
		p, err := Prepare(secret.New(typed))
		if err != nil {
			if !errors.Is(err, ErrLength) && !errors.Is(err, ErrCharacters) {
				t.Fatalf("undocumented error %v", err)
			}
			return
		}
		if n := utf8.RuneCountInString(p.text.Reveal()); n < MinLength || n > MaxLength {
			t.Fatalf("%d code points", n)
		}
		again, err := Prepare(p.text)
		if err != nil || again.text.Reveal() != p.text.Reveal() {
			t.Fatalf("normalizing %+q again gives %+q, %v", p.text.Reveal(), again.text.Reveal(), err)
		}
	})
}
