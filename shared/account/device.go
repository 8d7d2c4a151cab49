package account

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/shared/apperr"
)

// MaxLabelLength bounds what people call their devices and API tokens, in code points.
const MaxLabelLength = 64

// checkLabel checks what somebody calls something of theirs. It is shown to people beside other labels, so nothing in it may move what
// they see: no control characters, no line ends, no change of the writing direction. The error's code is InvalidRequest.
func checkLabel(member, label string) error {
	moves := func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
	}
	if n := utf8.RuneCountInString(label); n < 1 || n > MaxLabelLength || strings.ContainsFunc(label, moves) {
		return apperr.New(apperr.InvalidRequest, "The "+member+" must have 1 to 64 characters, none of which controls how text is shown.")
	}
	return nil
}

// clientLabel is what a client calls itself: the products of its User-Agent (RFC 9110 section 10.1.5) without the comments, which say
// most about a person's device and least to the person; in printable ASCII, at most MaxLabelLength characters. Empty: it says nothing.
func clientLabel(userAgent string) string {
	var plain strings.Builder
	depth := 0
	for _, r := range userAgent {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth = max(0, depth-1)
		case depth == 0 && (r == '\t' || ' ' <= r && r <= '~'):
			plain.WriteRune(r)
		}
	}
	label := strings.Join(strings.Fields(plain.String()), " ")
	return strings.TrimRight(label[:min(len(label), MaxLabelLength)], " ")
}

// addressFamily returns "ipv4" or "ipv6", and nothing for what is no address.
func addressFamily(address string) string {
	switch parsed, err := netip.ParseAddr(address); {
	case err != nil:
		return ""
	case parsed.Unmap().Is4():
		return "ipv4"
	default:
		return "ipv6"
	}
}
