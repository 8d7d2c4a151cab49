package account

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"sallyport/shared/apperr"
)

// Bounds of a username in code points, in its canonical form.
const (
	MinUsernameLength = 3
	MaxUsernameLength = 64
)

// Canonical returns the one form of a username under which an account is stored, throttled and logged: RFC 8265's
// UsernameCaseMapped profile, which folds case and width and composes Unicode. The error's code is InvalidRequest.
func Canonical(username string) (string, error) {
	// The library applies the Bidi rule (RFC 5893 section 2) to all text beyond ASCII, and not just to what is written from right to left:
	// such a name begins with a letter, and ends with one or with a digit. What it refuses today it may let in later, which harms nobody; the other way round it would.
	//
	// UsernameCaseMapped allows several words with spaces between them (section 3.5); a username here is one word.
	canonical, err := precis.UsernameCaseMapped.String(username)
	if err != nil || strings.Contains(canonical, " ") {
		return "", apperr.New(apperr.InvalidRequest,
			"The username may contain letters and digits of any script that RFC 8265 allows, and ASCII punctuation, without spaces or control "+
				"characters. One with characters beyond ASCII must begin with a letter and end with a letter or a digit.")
	}
	// Applied twice, a profile's rules can give a third form (RFC 8264 section 7): only a stable form can be a key.
	if again, err := precis.UsernameCaseMapped.String(canonical); err != nil || again != canonical {
		return "", apperr.New(apperr.InvalidRequest, "The username has no stable form; choose another.")
	}
	if n := utf8.RuneCountInString(canonical); n < MinUsernameLength || n > MaxUsernameLength {
		return "", apperr.New(apperr.InvalidRequest, "The username must have 3 to 64 characters.")
	}
	return canonical, nil
}
