package password

import (
	_ "embed"
	"strings"

	"golang.org/x/text/secure/precis"
)

// common holds lower-case words, each between two line ends; the first line is a remark. It is searched where it lies: nothing
// is parsed when a process starts, and the linker leaves it out of every program that does not call CheckStrength.
//
// The words are all those of at least MinLength characters in zxcvbn 4.4.2: 11,611 of the most used leaked passwords, where
// ASVS 5.0 6.2.4 wants 3,000, and 30,010 dictionary words and names.
//
//go:embed common.txt
var common string

// service is the one word that this service suggests to everybody (SP 800-63B-4 §3.1.1.2, context-specific words).
const service = "sallyport"

// CheckStrength says whether p may become the password of the account with this username. It returns ErrUsername if it is the
// username in any spelling that maps to it (RFC 8265 §3.3), ErrCommon if the whole of it, in any case, is on the list of common
// passwords (SP 800-63B-4 §3.1.1.2), else nil. There are no composition rules, which the same section forbids.
func CheckStrength(p Plain, username string) error {
	if precis.UsernameCaseMapped.Compare(p.text.Reveal(), username) {
		return ErrUsername
	}
	folded := strings.ToLower(p.text.Reveal())
	// A Plain has no line end in it, so a match is one whole word.
	if folded == service || strings.Contains(common, "\n"+folded+"\n") {
		return ErrCommon
	}
	return nil
}
