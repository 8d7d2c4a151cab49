package account_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
)

func TestEverySpellingOfAUsernameHasOneCanonicalForm(t *testing.T) {
	for _, tc := range []struct{ name, typed, want string }{
		{"as it is", "alice", "alice"},
		{"upper case", "ALICE", "alice"},
		{"full width", "Ａｌｉｃｅ", "alice"},
		{"half-width katakana", "ｱｲｳ", "アイウ"},
		{"composed", "zoë", "zoë"},
		{"decomposed", "zoe\u0308", "zoë"},
		{"decomposed upper case", "ZOE\u0308", "zoë"},
		{"marks in another order", "a\u0301\u0323bc", "ạ\u0301bc"},
		{"the Kelvin sign", "\u212aelvin", "kelvin"},
		{"the Angstrom sign", "\u212bngstrom", "ångstrom"},
		{"punctuation of ASCII", "juliet@example.com", "juliet@example.com"}, // RFC 8265 section 3.6, example 1
		{"only punctuation", "...", "..."},
		{"doubled s", "fussball", "fussball"},   // example 2
		{"sharp s stays", "fußball", "fußball"}, // example 3: case mapping, not case folding
		{"greek", "πππ", "πππ"},                 // example 4
		{"greek capital sigma", "ΣΣΣ", "σσσ"},   // example 5
		{"greek small sigma", "σσσ", "σσσ"},     // example 6
		{"greek final sigma", "σσς", "σσς"},     // example 7: another user than the one before
		{"hebrew", "אבג", "אבג"},
		{"hebrew with digits at the end", "אבג12", "אבג12"},
		{"chinese", "李小龙", "李小龙"},
		{"cyrillic that looks latin is another user", "раypal", "раypal"}, // RFC 8265 leaves confusables to others
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, err := account.Canonical(tc.typed); got != tc.want || err != nil {
				t.Errorf("Canonical(%+q) = %+q, %v; want %+q", tc.typed, got, err, tc.want)
			}
		})
	}
}

func TestWhatCannotBeAUsernameIsRefused(t *testing.T) {
	for name, typed := range map[string]string{
		"nothing":                        "",
		"two words":                      "foo bar", // RFC 8265 section 3.6, example 8
		"a space before":                 " alice",
		"a space behind":                 "alice ",
		"a no-break space":               "foo\u00a0bar",
		"an ideographic space":           "foo\u3000bar",
		"a zero width space":             "foo\u200bbar",
		"a tab":                          "foo\tbar",
		"a line end":                     "alice\n",
		"NUL":                            "alice\x00",
		"delete":                         "alice\x7f",
		"a C1 control":                   "alice\u0085",
		"a bidi override":                "alice\u202e",
		"a bidi mark":                    "alice\u200f",
		"a joiner out of place":          "ali\u200dce",
		"a soft hyphen":                  "ali\u00adce",
		"a variation selector":           "alice\ufe0f",
		"a byte order mark":              "\ufeffalice",
		"the roman numeral four":         "henry\u2163", // example 10
		"a chess king":                   "king\u265a",  // example 11
		"an emoji":                       "alice😀",
		"a ligature":                     "o\ufb03ce",
		"a private character":            "alice\ue000",
		"a non-character":                "alice\ufffe",
		"an unassigned character":        "alice\u0378",
		"invalid UTF-8":                  "alice\xff",
		"a lone surrogate":               "alice\xed\xa0\x80",
		"what stands for invalid UTF-8":  "alice\ufffd",
		"right to left mixed with latin": "אבגabc", // RFC 5893 section 2, rule 2
		"latin mixed with right to left": "abcאבג", // rule 5
		"right to left after a digit":    "1אבג",   // rule 1
		"beyond ASCII before a point":    "zoë.",   // likewise rule 6
		"beyond ASCII after a digit":     "1émile", // the library applies rule 1 to what is written from left to right as well
	} {
		t.Run(name, func(t *testing.T) {
			got, err := account.Canonical(typed)
			refused(t, err, apperr.InvalidRequest)
			if got != "" {
				t.Errorf("refused, and yet it says %+q", got)
			}
		})
	}
}

func TestAUsernameHasThreeTo64CodePointsInItsCanonicalForm(t *testing.T) {
	for _, tc := range []struct {
		name, typed string
		ok          bool
	}{
		{"two", "ab", false},
		{"two, typed as three", "ae\u0308", false},
		{"three", "abc", true},
		{"three of three bytes", "李小龙", true},
		{"two of four bytes", "𠀀𠀁", false},
		{"64", strings.Repeat("a", 64), true},
		{"64 of three bytes", strings.Repeat("字", 64), true},
		{"64, typed as 128", strings.Repeat("e\u0308", 64), true},
		{"65", strings.Repeat("a", 65), false},
		{"65 of three bytes", strings.Repeat("字", 65), false},
		{"a request full", strings.Repeat("a", 8192), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := account.Canonical(tc.typed); tc.ok && err != nil {
				t.Error(err)
			} else if !tc.ok {
				refused(t, err, apperr.InvalidRequest)
			}
		})
	}
}

// holdsAsKey checks what everything else relies on: a canonical form is its own canonical form, and fit for a key and a log.
func holdsAsKey(t interface{ Errorf(string, ...any) }, typed string) {
	canonical, err := account.Canonical(typed)
	if err != nil {
		if apperr.CodeOf(err) != apperr.InvalidRequest || canonical != "" {
			t.Errorf("Canonical(%+q) = %+q, %v", typed, canonical, err)
		}
		return
	}
	if again, err := account.Canonical(canonical); err != nil || again != canonical {
		t.Errorf("%+q has the canonical form %+q, which has %+q, %v", typed, canonical, again, err)
	}
	if n := utf8.RuneCountInString(canonical); n < account.MinUsernameLength || n > account.MaxUsernameLength || !utf8.ValidString(canonical) {
		t.Errorf("%+q has the canonical form %+q", typed, canonical)
	}
	for _, r := range canonical {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.IsUpper(r) || r == utf8.RuneError {
			t.Errorf("%+q has the canonical form %+q, with %U", typed, canonical, r)
		}
	}
}

func TestACanonicalUsernameIsItsOwnCanonicalForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		holdsAsKey(t, rapid.OneOf(
			rapid.String(),
			rapid.StringN(3, 64, -1),
			rapid.StringOf(rapid.RuneFrom(nil, unicode.Letter, unicode.Mark, unicode.Digit)),
			rapid.StringOf(rapid.RuneFrom([]rune("aAeEsS\u0308\u0301\u0323ßςΣσİıǅⅣｱﾞ١א0.@ "))),
		).Draw(t, "typed"))
	})
}

func TestTheCaseOfALatinUsernameDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typed := rapid.StringMatching(`[A-Za-z0-9.@_-]{3,64}`).Draw(t, "typed")
		lower := strings.ToLower(typed)
		if got, err := account.Canonical(typed); err != nil || got != lower {
			t.Errorf("Canonical(%q) = %q, %v", typed, got, err)
		}
	})
}

func FuzzCanonical(f *testing.F) {
	for _, typed := range []string{
		"alice", "ALICE", "ZOE\u0308", "Ａｌｉｃｅ", "foo bar", "אבג12", "1אבג", "İstanbul", "ǅungla", "\u0345\u0399abc", "alice\xff", "",
	} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) { holdsAsKey(t, typed) })
}
