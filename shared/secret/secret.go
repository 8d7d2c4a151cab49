// Package secret keeps passwords, codes, keys and tokens out of everything that prints.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a string that must never appear in a log, an error or a URL. Every fmt verb, slog and the JSON encoders print
// "[redacted]" in its place; decoding JSON into a Text works as for any string. The zero value is the empty text.
//
// The one way to the characters is Reveal, so that a search for that word finds every place where a secret leaves its type.
type Text struct {
	// A pointer, because fmt calls no method on an unexported field of somebody's struct: it then prints an address.
	characters *string
}

// New returns s as a Text.
func New(s string) Text { return Text{&s} }

// Reveal returns the characters themselves.
func (t Text) Reveal() string {
	if t.characters == nil {
		return ""
	}
	return *t.characters
}

// Format implements fmt.Formatter rather than fmt.Stringer, because a Stringer is not asked for verbs such as %d.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) } // fmt.State cannot report a failed write

// LogValue implements slog.LogValuer.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which the JSON encoders use.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText implements encoding.TextUnmarshaler: it takes the characters as they are.
func (t *Text) UnmarshalText(characters []byte) error {
	*t = New(string(characters))
	return nil
}
