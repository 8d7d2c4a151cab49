package sam

import (
	"slices"
	"strings"
	"testing"
)

func TestTheReasonWhySAMEndedIsItsLastErrorOrElseItsLastLine(t *testing.T) {
	for said, want := range map[string]string{
		"":                                      "it did not say why",
		"\n \n":                                 "it did not say why",
		"Mounting…\nKeyError: 'x'\n\n":          "KeyError: 'x'",
		"Mounting…\ncut off":                    "cut off",
		"Error: one\nError: two\n":              "Error: two",
		"Error: port in use\n\nupdate it\n":     "Error: port in use",
		strings.Repeat("x", tailSize) + "\nend": "end",
	} {
		for _, size := range []int{1, 7, 2 * tailSize} { // of the pieces in which it is written
			var kept tail
			for piece := range slices.Chunk([]byte(said), size) {
				if n, err := kept.Write(piece); n != len(piece) || err != nil {
					t.Fatal(n, err)
				}
			}
			if got := kept.reason(); got != want || len(kept.text) > tailSize {
				t.Errorf("%.40q in pieces of %d: %q of %d bytes, want %q", said, size, got, len(kept.text), want)
			}
			if got := (&API{said: kept}).Err().Error(); got != "sam local has ended: "+want {
				t.Error(got)
			}
		}
	}
}
