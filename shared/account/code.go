package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

// SecretOpener opens what a SecretSealer sealed. An error with code apperr.Corrupt means that the sealed secret is damaged or
// another account's, and any other that the key service could not answer.
type SecretOpener interface {
	OpenSecret(ctx context.Context, userID token.ID, sealed []byte) ([]byte, error)
}

// errCode is one and the same for a wrong code, a used one, and a challenge that is unknown, expired or used up.
func errCode(reason apperr.Reason) *apperr.Error {
	return apperr.Refuse(apperr.Unauthenticated,
		"The code is wrong or used, or the challenge is over. Wait for the next code, or sign in again.", reason)
}

// errUsed is for a code that was right once.
func errUsed() error { return errCode("code_used") }

// errWrong is the cause of the one refusal that counts against an account.
var errWrong = errors.New("account: not, and never was, a code of this account")

func errWrongCode() error {
	refusal := errCode("code_wrong")
	refusal.Err, refusal.Bounded = errWrong, true
	return refusal
}

// reworded is a refusal in words that fit what was asked for.
func reworded(err error, detail string) error {
	refusal := *apperr.From(err)
	if refusal.Code == apperr.Unauthenticated {
		refusal.Detail = detail
	}
	return &refusal
}

// parseCode reads a code's form. The error's code is InvalidRequest.
func parseCode(text secret.Text) (otp.Code, error) {
	code, err := otp.ParseCode(text)
	if err != nil {
		return otp.Code{}, &apperr.Error{Code: apperr.InvalidRequest, Detail: sentence(err), Err: err}
	}
	return code, nil
}

// use judges the code against the account, and returns the account with the code used up.
func (a Account) use(key otp.Secret, code otp.Code, now time.Time) (Account, error) {
	if code.IsRecovery() {
		i := slices.Index(a.RecoveryCodes, code.Recovery().Hash(key, a.UserID.String()))
		if i < 0 {
			return Account{}, errWrongCode()
		}
		a.RecoveryCodes = slices.Delete(slices.Clone(a.RecoveryCodes), i, i+1)
		return a, nil
	}
	step, ok := key.Match(code, now)
	if !ok {
		return Account{}, errWrongCode()
	}
	if step <= a.LastTOTPStep { // RFC 6238 section 5.2: a code is good once
		return Account{}, errUsed()
	}
	a.LastTOTPStep = step
	return a, nil
}

// openSecret opens an authenticator secret of the account. One that does not open is another account's or damaged: the code is
// refused, and somebody should look.
func openSecret(ctx context.Context, opener SecretOpener, userID token.ID, sealed []byte) (otp.Secret, error) {
	plaintext, err := opener.OpenSecret(ctx, userID, sealed)
	switch {
	case apperr.CodeOf(err) == apperr.Corrupt:
		return otp.Secret{}, errSecretCorrupt(err)
	case err != nil:
		return otp.Secret{}, apperr.Dependency(err)
	}
	defer clear(plaintext)
	key, err := otp.ParseSecret(plaintext)
	if err != nil {
		return otp.Secret{}, errSecretCorrupt(err)
	}
	return key, nil
}

func errSecretCorrupt(cause error) error {
	refusal := errCode("totp_secret_corrupt")
	refusal.Alarm, refusal.Err = true, cause
	return refusal
}
