package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"sallyport/shared/secret"
)

// EnrolmentLife is how long the right to enrol lasts that an ADMIN gives to somebody whose second factor is lost.
const EnrolmentLife = 24 * time.Hour

// grantEnrolment gives the account the right to enrol an authenticator with a code that is stored nowhere, and returns the code.
func (a *Account) grantEnrolment(now time.Time) secret.Text {
	code := secret.New(rand.Text()) // at least 128 bits
	a.EnrolmentHash, a.EnrolmentExpiresAt = enrolmentHash(code), now.Add(EnrolmentLife).Unix()
	return code
}

// enrolmentHash needs no salt and no slow function: a code of 128 random bits cannot be found from its hash.
func enrolmentHash(code secret.Text) string {
	sum := sha256.Sum256([]byte("sallyport enrolment v1\x00" + code.Reveal()))
	return hex.EncodeToString(sum[:])
}
