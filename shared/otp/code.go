package otp

import (
	"errors"

	"sallyport/shared/secret"
)

// ErrCode means that a text has neither of the two forms of a second factor. It says what to type instead.
var ErrCode = errors.New("otp must be the six digits shown by the authenticator app, or a recovery code like XXXX-XXXX-XXXX-XXXX")

// Code is what a person gives as second factor: a one-time password or a recovery code. It has the right form, no more is known of
// it. Nothing prints it.
type Code struct {
	characters secret.Text // canonical
	recovery   bool
}

// ParseCode tells the two forms apart. A one-time password is exactly six ASCII digits, with nothing around or between them; the form
// of a recovery code is RecoveryCode's. The error is ErrCode.
func ParseCode(text secret.Text) (Code, error) {
	if isDigits(text.Reveal()) {
		return Code{characters: text}, nil
	}
	recovery, err := parseRecoveryCode(text)
	if err != nil {
		return Code{}, err
	}
	return Code{characters: recovery.characters, recovery: true}, nil
}

// IsRecovery reports whether the code has the form of a recovery code.
func (c Code) IsRecovery() bool { return c.recovery }

// Recovery returns the recovery code. If IsRecovery is false it is the zero RecoveryCode, which NewRecoveryCodes never returns.
func (c Code) Recovery() RecoveryCode {
	if !c.recovery {
		return RecoveryCode{}
	}
	return RecoveryCode{c.characters}
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == Digits
}
