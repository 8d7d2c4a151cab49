package apigw

import (
	"strings"
	"unicode/utf8"

	"sallyport/shared/secret"
)

// formType is how OAuth 2.0 sends parameters (RFC 6749 appendix B).
const formType = "application/x-www-form-urlencoded"

// Form holds the parameters of a request in OAuth 2.0, by name. One that was sent without a value is not in it: it counts as not sent
// (RFC 6749 section 3.2).
type Form map[string]secret.Text

// DecodeForm reads the body of a request as a form. Parameters that the route does not know are for it to ignore, and none may be there
// twice (RFC 6749 section 3.2). The error's code is RequestTooLarge, UnsupportedMediaType or InvalidRequest.
func DecodeForm(req Request) (Form, error) {
	body, err := bodyOf(req, formType)
	if err != nil {
		return nil, err
	}
	form, sent := Form{}, map[string]bool{}
	for pair := range strings.SplitSeq(string(body), "&") {
		if pair == "" {
			continue
		}
		encodedName, encodedValue, _ := strings.Cut(pair, "=")
		name, okName := unescapeForm(encodedName)
		value, okValue := unescapeForm(encodedValue)
		switch {
		case !okName || !okValue || name == "":
			return nil, invalid("The body is not a form: name=value, with & between, and other characters than letters, digits and -._~ as %XX of their UTF-8.")
		case sent[name]:
			return nil, invalid("The body has a parameter twice.")
		}
		sent[name] = true
		if value != "" {
			form[name] = secret.New(value)
		}
	}
	return form, nil
}

// Token returns the parameter token, which RFC 7662 and RFC 7009 require (both in section 2.1). The hint at its type, which a client may
// send with it, is of no use here: a token says its kind itself. The error's code is InvalidRequest.
func (f Form) Token() (secret.Text, error) {
	presented, found := f["token"]
	if !found {
		return secret.Text{}, invalid("The parameter token is missing.")
	}
	return presented, nil
}

// unescapeForm undoes the encoding of a name or a value, and reports false for what is not encoded, or not UTF-8.
func unescapeForm(encoded string) (string, bool) {
	var text strings.Builder
	for i := 0; i < len(encoded); i++ {
		switch c := encoded[i]; {
		case c == '+':
			text.WriteByte(' ')
		case c == '%':
			if i+2 >= len(encoded) {
				return "", false
			}
			high, okHigh := hexDigit(encoded[i+1])
			low, okLow := hexDigit(encoded[i+2])
			if !okHigh || !okLow {
				return "", false
			}
			text.WriteByte(high<<4 | low)
			i += 2
		case c <= ' ' || c > '~':
			return "", false
		default:
			text.WriteByte(c)
		}
	}
	return text.String(), utf8.ValidString(text.String())
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
