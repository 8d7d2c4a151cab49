package account

import (
	"context"

	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

const recoveryCodeCount = 10

// SecretSealer seals TOTP secrets, each bound to its user id. An error means that the key service could not answer.
type SecretSealer interface {
	SealSecret(ctx context.Context, userID token.ID, plaintext []byte) ([]byte, error)
}

// enrol gives the account a fresh authenticator with its recovery codes, and returns what is shown of it this once. Whatever codes
// there were before are no good any more.
func (a *Account) enrol(ctx context.Context, sealer SecretSealer, issuer string) (Registered, error) {
	key := otp.NewSecret()
	sealed, err := sealer.SealSecret(ctx, a.UserID, key.Bytes())
	if err != nil {
		return Registered{}, apperr.Dependency(err)
	}
	a.SealedTOTPSecret = sealed
	return Registered{
		UserID: a.UserID, Username: a.Username, Role: a.Role,
		TOTPSecret: key.Base32(), TOTPURI: key.URI(issuer, a.Username), RecoveryCodes: a.newRecoveryCodes(key),
	}, nil
}

// newRecoveryCodes gives the account ten new recovery codes in place of those that it has, under the key of its authenticator, and
// returns them as they are shown.
func (a *Account) newRecoveryCodes(key otp.Secret) []secret.Text {
	a.RecoveryCodes = nil
	var shown []secret.Text
	for _, code := range otp.NewRecoveryCodes(recoveryCodeCount) {
		a.RecoveryCodes = append(a.RecoveryCodes, code.Hash(key, a.UserID.String()))
		shown = append(shown, code.Show())
	}
	return shown
}
