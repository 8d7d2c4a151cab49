package account

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/password"
	"sallyport/shared/secret"
	"sallyport/shared/throttle"
)

// ReenrolStore is what enrolling anew after a reset needs of a store. Errors other than ErrConflict mean that it could not answer, or,
// with code apperr.Corrupt, that a row is damaged.
type ReenrolStore interface {
	Reader
	Throttles
	throttle.Counter

	// ReplaceAuthenticator writes after's authenticator, recovery codes, last step and session version, if before's user id,
	// revision and right to enrol still hold, else ErrConflict. The revision rises by one.
	ReplaceAuthenticator(ctx context.Context, before, after Account) error
}

// Reenroller gives a new authenticator to those whose second factor an administrator has reset.
type Reenroller struct {
	Store  ReenrolStore
	Sealer SecretSealer
	Hasher *password.Hasher
	Issuer string // what authenticator apps show beside the username
	Now    func() time.Time
	Log    *slog.Logger
}

// ReenrolInput is what a caller shows.
type ReenrolInput struct {
	Username  string
	Password  secret.Text
	Enrolment secret.Text // the code that the administrator has handed over
	Address   string      // the source address, as the gateway saw it
}

// errEnrolment is one and the same for a wrong password, a wrong code, an unknown name and a disabled account.
func errEnrolment(reason apperr.Reason, account Account) error {
	refusal := apperr.Refuse(apperr.Unauthenticated,
		"The username, the password or the enrolment code is wrong, or the code is over. Ask an administrator for a new one.", reason)
	refusal.Bounded = true
	if account.Username != "" {
		refusal.Account, refusal.UserID = account.Username, account.UserID.String()
	}
	return refusal
}

// Reenrol gives the account a new authenticator and recovery codes, for its password and the enrolment code. The code stays good until
// the first completed sign-in or its expiry: who never saw the answer does it again, and the last answer counts. The error's code is
// InvalidRequest, Unauthenticated, TooManyRequests, ServiceUnavailable or Corrupt.
//
// Guesses at the password are counted as those at sign-in, and together with them, and likewise tell nothing about whether a name exists.
func (r *Reenroller) Reenrol(ctx context.Context, in ReenrolInput) (Registered, error) {
	if len(in.Enrolment.Reveal()) > MaxCodeLength {
		return Registered{}, apperr.New(apperr.InvalidRequest, "The enrolment must have at most 128 bytes.")
	}
	return throttle.ByAddress(ctx, passwordsByAddress(r.Store, r.Now, r.Log), in.Address, func() (Registered, error) { return r.reenrol(ctx, in) })
}

func (r *Reenroller) reenrol(ctx context.Context, in ReenrolInput) (Registered, error) {
	canonical, err := Canonical(in.Username)
	if err != nil {
		canonical = in.Username // no account can have this name, so it is as good as unknown
	}
	now := r.Now()
	account, found, err := r.Store.Account(ctx, canonical)
	if err != nil {
		return Registered{}, apperr.Dependency(err)
	}
	attempt, err := reserve(ctx, r.Store, r.Log, account.passwordSubject(canonical, in.Address, now), passwordDelays(), now)
	if err != nil {
		if found { // as at sign-in
			err = named(err, account.Username, account.UserID)
		}
		return Registered{}, err
	}
	shown, err := r.admit(ctx, canonical, in, now)
	switch {
	case err == nil:
		attempt.succeeded(ctx)
	case !throttle.Guesses(err):
		attempt.takeBack(ctx)
	}
	return shown, err
}

// admit judges password and code, and gives the account its new authenticator.
func (r *Reenroller) admit(ctx context.Context, canonical string, in ReenrolInput, now time.Time) (Registered, error) {
	known := "" // the stored hash that the password is known to match
	for attempt := range maxAttempts {
		before, err := r.judge(ctx, canonical, in, now, known)
		if err != nil {
			return Registered{}, err
		}
		known = before.PasswordHash
		after := before
		shown, err := after.enrol(ctx, r.Sealer, r.Issuer)
		if err != nil {
			return Registered{}, err
		}
		after.LastTOTPStep = otp.StepAt(now) - 1 // nobody has had a code of it before this step
		after.SessionVersion++
		err = r.Store.ReplaceAuthenticator(ctx, before, after)
		if err == nil {
			return shown, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Registered{}, apperr.Dependency(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return Registered{}, err
		}
	}
	return Registered{}, apperr.Unavailable(ErrConflict)
}

// judge returns the account if the password is its own and the code is good for it. With a stored hash that is known to match, it
// makes no other.
func (r *Reenroller) judge(ctx context.Context, canonical string, in ReenrolInput, now time.Time, known string) (Account, error) {
	account, found, err := r.Store.Account(ctx, canonical)
	if err != nil {
		return Account{}, apperr.Dependency(err)
	}
	plain, err := password.Prepare(in.Password)
	if err != nil || !found {
		r.Hasher.VerifyAbsent(plain)
		return Account{}, errEnrolment("credentials_unknown", Account{})
	}
	match := known != "" && known == account.PasswordHash
	if !match {
		if match, _, err = r.Hasher.Verify(account.PasswordHash, plain); err != nil {
			return Account{}, apperr.Tampered("password_hash_corrupt", err)
		}
	}
	switch {
	case !match:
		return Account{}, errEnrolment("password_wrong", account)
	case !account.mayEnrol(in.Enrolment, now):
		return Account{}, errEnrolment("enrolment_wrong", account)
	case account.Status == Disabled:
		return Account{}, errEnrolment("account_disabled", account)
	}
	return account, nil
}

// mayEnrol reports whether the code is the account's right to enrol anew. It compares hashes in constant time.
func (a Account) mayEnrol(code secret.Text, now time.Time) bool {
	return a.EnrolmentHash != "" && a.EnrolmentExpiresAt > now.Unix() &&
		subtle.ConstantTimeCompare([]byte(enrolmentHash(code)), []byte(a.EnrolmentHash)) == 1
}
