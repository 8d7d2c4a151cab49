package account

import (
	"time"

	"sallyport/shared/secret"
	"sallyport/shared/throttle"
	"sallyport/shared/token"
)

// The subjects that failures are counted under, for tests that look at the rows or begin with some.

func NameSubject(canonical string) string { return nameSubject(canonical) }

func CodeSubject(userID token.ID) string { return codeSubject(userID) }

func AddressSubject(address string, windowEnd time.Time) string {
	return throttle.AddressSubject("login", address, windowEnd)
}

// InvitationHash is where the invitation of that code is stored.
func InvitationHash(code string) string { return invitationHash(secret.New(code)) }

// EnrolmentHash is what is stored of an enrolment's code.
func EnrolmentHash(code string) string { return enrolmentHash(secret.New(code)) }

func ClientLabel(userAgent string) string { return clientLabel(userAgent) }

func CheckLabel(member, label string) error { return checkLabel(member, label) }

func PlaceSubject(place string) string { return placeSubject(place) }
