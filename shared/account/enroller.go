package account

import (
	"context"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/secret"
	"sallyport/shared/session"
)

// enrolmentLife is how long a new authenticator waits for its first code.
const enrolmentLife = 10 * time.Minute

// Enroller begins the enrolment of new authenticators.
type Enroller struct {
	CredentialChanger

	Sealer SecretSealer
	Issuer string // what authenticator apps show beside the username
}

// Enrolling is a new authenticator that takes the present one's place once a code of it is shown. Its secret is shown this once.
type Enrolling struct {
	TOTPSecret secret.Text // base32
	TOTPURI    secret.Text // otp.Secret.URI
	ExpiresIn  time.Duration
}

// BeginEnrolment makes a new authenticator for the caller's account, for a code of the present one or a recovery code. Until
// FinishEnrolment nothing else has changed, so whoever never saw the answer begins again, which replaces what was begun. The error's
// code is InvalidRequest (not the form of a code; not counted), Unauthenticated, TooManyRequests, ServiceUnavailable or Corrupt.
func (e *Enroller) BeginEnrolment(ctx context.Context, caller session.Identity, text secret.Text) (Enrolling, error) {
	code, err := parseCode(text)
	if err != nil {
		return Enrolling{}, err
	}
	key := otp.NewSecret()
	var sealed []byte
	err = e.prove(ctx, caller, code, func(a *Account, _ otp.Secret) (err error) {
		if sealed == nil {
			if sealed, err = e.Sealer.SealSecret(ctx, a.UserID, key.Bytes()); err != nil {
				return apperr.Dependency(err)
			}
		}
		a.EnrollingTOTPSecret, a.EnrollingExpiresAt = sealed, e.Now().Add(enrolmentLife).Unix()
		return nil
	})
	if err != nil {
		return Enrolling{}, err
	}
	return Enrolling{TOTPSecret: key.Base32(), TOTPURI: key.URI(e.Issuer, caller.Username), ExpiresIn: enrolmentLife}, nil
}

// FinishEnrolment puts the new authenticator in the present one's place, for a code of the new one, and returns its ten recovery
// codes. All other sessions of the account and its API tokens end, and its pending challenges are void. Old codes and recovery codes
// are no good any more: who never saw the answer has the new authenticator, and gets recovery codes from NewRecoveryCodes. The
// error's code is BeginEnrolment's.
func (c *CredentialChanger) FinishEnrolment(ctx context.Context, caller session.Identity, text secret.Text) ([]secret.Text, error) {
	code, err := appCode(text, "otp must be the six digits that the new authenticator shows.")
	if err != nil {
		return nil, err
	}
	var shown []secret.Text
	err = c.guess(ctx, caller, func(before Account, now time.Time) (Account, error) {
		after, key, err := c.swap(ctx, before, code, now)
		if err != nil {
			return Account{}, reworded(err,
				"The code is wrong, or no enrolment is under way: one lasts ten minutes. Wait for the next code, or begin again.")
		}
		shown = after.newRecoveryCodes(key)
		after.endAllBut(caller.TokenID)
		return after, nil
	})
	if err != nil {
		return nil, err
	}
	return shown, nil
}

// swap judges a code of the authenticator that is being enrolled, and returns the account with that one in the old one's place.
func (c *CredentialChanger) swap(ctx context.Context, a Account, code otp.Code, now time.Time) (Account, otp.Secret, error) {
	if len(a.EnrollingTOTPSecret) == 0 || a.EnrollingExpiresAt <= now.Unix() {
		return Account{}, otp.Secret{}, errCode("enrolment_over")
	}
	key, err := openSecret(ctx, c.Opener, a.UserID, a.EnrollingTOTPSecret)
	if err != nil {
		return Account{}, otp.Secret{}, err
	}
	step, ok := key.Match(code, now)
	if !ok {
		return Account{}, otp.Secret{}, errWrongCode()
	}
	a.SealedTOTPSecret, a.LastTOTPStep = a.EnrollingTOTPSecret, step
	return a, key, nil
}

// NewRecoveryCodes gives the caller's account ten new recovery codes in place of the old ones, for a code of the authenticator. A
// recovery code does not do: who has lost the authenticator, and then this answer, would have nothing left. The error's code is
// BeginEnrolment's.
func (c *CredentialChanger) NewRecoveryCodes(ctx context.Context, caller session.Identity, text secret.Text) ([]secret.Text, error) {
	code, err := appCode(text, "otp must be the six digits that the authenticator shows. If you have lost it, enrol a new one: that takes a recovery code.")
	if err != nil {
		return nil, err
	}
	var shown []secret.Text
	err = c.prove(ctx, caller, code, func(a *Account, key otp.Secret) error {
		shown = a.newRecoveryCodes(key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return shown, nil
}

// appCode reads the form of an authenticator's code, and refuses a recovery code. The error's code is InvalidRequest.
func appCode(text secret.Text, otherwise string) (otp.Code, error) {
	code, err := parseCode(text)
	if err == nil && code.IsRecovery() {
		return otp.Code{}, apperr.New(apperr.InvalidRequest, otherwise)
	}
	return code, err
}
