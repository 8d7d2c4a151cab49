package account

import (
	"crypto/rand"
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

func enrolmentHash(code secret.Text) string { return codeHash("sallyport enrolment v1", code) }
