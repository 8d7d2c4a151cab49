package sessiontest

import "strings"

// OddKeys returns strings that a store must take as keys and values without mixing them up: separators, quotes, what looks
// like an expression, control characters, other scripts and composed forms, and the longest that a caller may send.
func OddKeys() []string {
	return []string{
		"ada", "a", "a.b", "a.b.c", ".", "#", "a#b", ":a", "[0]", "a[0]", "a,b", "a b", " ", "a'b", `a"b`, `a\b`, "a/b", "$a", "{}",
		"null", "0", "NULL\x00", "\x00", "\n", "é", "e\u0301", "ß", "ﬁ", "日本語", "עברית", "👩\u200d💻", "\u2028", "\ufffd",
		strings.Repeat("x", 128), strings.Repeat("字", 64),
	}
}
