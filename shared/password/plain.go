// Package password holds the rules for passwords: how one is normalized, which ones are refused, and how one is stored.
package password

import (
	"crypto/sha1" //nolint:gosec // G505: the lists are made with it
	"errors"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"sallyport/shared/secret"
)

// Bounds of a password's length in Unicode code points, as SP 800-63B-4 §3.1.1.2 counts it, after normalization. Eight is the least
// it allows, and only because a second factor always follows; 128 is twice the 64 it wants accepted.
const (
	MinLength = 8
	MaxLength = 128
)

// What is wrong with a password, in words for the person who chose it.
var (
	ErrLength     = errors.New("password must have 8 to 128 characters")
	ErrCharacters = errors.New("password must not contain control characters, unassigned characters or invisible joiners")
	ErrCommon     = errors.New("password is on the list of commonly used passwords and words: choose another")
	ErrBreached   = errors.New("password is on a list of passwords that were stolen elsewhere: choose another")
	ErrUsername   = errors.New("password must not be the username: choose another")
)

// Plain is a normalized password of allowed length. Only Prepare makes one; nothing prints it.
type Plain struct{ text secret.Text }

// SHA1 returns what lists of breached passwords know a password by: SHA-1 of its UTF-8. It is as good as the password itself to whoever
// has such a list, so it must be stored and printed nowhere, and sent to nobody whole.
func (p Plain) SHA1() [sha1.Size]byte { return sha1.Sum([]byte(p.text.Reveal())) } //nolint:gosec // G401: it protects nothing

// Equal reports whether both are the same password. It takes a time that depends on them, so it is for two that one caller has sent.
func (p Plain) Equal(q Plain) bool { return p.text.Reveal() == q.text.Reveal() }

// Prepare normalizes a password by the OpaqueString profile (RFC 8265 §4.2): every kind of space becomes U+0020, the whole becomes
// NFC, so that the same password typed on two keyboards is one password. Nothing else changes: no trimming, folding, truncation.
//
// The error is ErrLength or ErrCharacters.
func Prepare(text secret.Text) (Plain, error) {
	typed := text.Reveal()
	if typed == "" { // OpaqueString's own error for it would read as one about characters
		return Plain{}, ErrLength
	}
	if !utf8.ValidString(typed) { // OpaqueString would make all invalid bytes the same U+FFFD
		return Plain{}, ErrCharacters
	}
	normalized, err := precis.OpaqueString.String(typed)
	if err != nil { // it names the rule that is broken, in terms that help nobody who chooses a password
		return Plain{}, ErrCharacters
	}
	if n := utf8.RuneCountInString(normalized); n < MinLength || n > MaxLength {
		return Plain{}, ErrLength
	}
	return Plain{secret.New(normalized)}, nil
}
