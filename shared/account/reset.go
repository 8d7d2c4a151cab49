package account

import (
	"context"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

// Resetter takes a second factor away from an account whose owner has lost it, and gives the owner the right to enrol a new one.
type Resetter struct {
	Store  AdministrationStore
	Sealer SecretSealer
	Now    func() time.Time
}

// Reset is an account whose second factor has been reset.
type Reset struct {
	Changed

	Enrolment secret.Text // good once, together with the account's password
	ExpiresAt int64       // Unix seconds
}

// ResetSecondFactor ends the account's sessions and API tokens, and leaves it with a secret that nobody has seen and without recovery
// codes: until an authenticator is enrolled with the returned code, nobody signs in. Failed codes of before are forgotten. An earlier code
// is void. The error is as an Administrator's, or its code is AccountPending: no second factor has been shown yet, so that there is none to
// reset; whoever registered can register again.
func (r *Resetter) ResetSecondFactor(ctx context.Context, by Actor, userID token.ID) (Reset, error) {
	if by.UserID == userID {
		return Reset{}, errOneself(userID)
	}
	sealed, err := r.Sealer.SealSecret(ctx, userID, otp.NewSecret().Bytes())
	if err != nil {
		return Reset{}, apperr.Dependency(err)
	}
	var code secret.Text
	changed, err := NewAdministrator(r.Store).change(ctx, by, userID, func(before Account) (decision, error) {
		if before.neverSignedIn() {
			return decision{}, apperr.New(apperr.AccountPending,
				"The account has no second factor yet: nobody has signed in to it. Its owner can register again, at once with the same invitation.")
		}
		after := before
		after.endSessions()
		after.SealedTOTPSecret, after.RecoveryCodes = sealed, nil
		code = after.grantEnrolment(r.Now())
		return decision{after: &after, forgets: []string{codeSubject(userID)}}, nil
	})
	if err != nil {
		return Reset{}, err
	}
	return Reset{Changed: changed, Enrolment: code, ExpiresAt: changed.Account.EnrolmentExpiresAt}, nil
}
