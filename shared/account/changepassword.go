package account

import (
	"context"
	"errors"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/password"
	"sallyport/shared/secret"
	"sallyport/shared/session"
)

// PasswordChanger changes passwords.
type PasswordChanger struct {
	CredentialChanger

	Hasher   *password.Hasher
	Strength func(p password.Plain, username string) error // refuses what is easily guessed
	Breached BreachList
}

// PasswordChange is what a caller shows and asks for.
type PasswordChange struct {
	Old     secret.Text
	OTP     secret.Text // a code of the authenticator, or a recovery code
	New     secret.Text
	Address string // the source address, as the gateway saw it
}

// errWrongPassword is the cause of a refusal that counts as a wrong password.
var errWrongPassword = errors.New("account: not the password of this account")

// errOldPassword is one and the same for a wrong password and a wrong code, whatever judged them.
const errOldPassword = "The old password is wrong, or the code is wrong or used. Wait for the next code, then try again."

// newPassword is a request that is well-formed.
type newPassword struct {
	old  password.Plain // zero: nobody has such a password
	code otp.Code
	new  password.Plain
}

// ChangePassword gives the caller's account a new password, for the old one and a code. All its other sessions and its API tokens end,
// its pending challenges are void, and the caller's session goes on. The error's code is InvalidRequest, and then the code can be used
// again; Unauthenticated, TooManyRequests, ServiceUnavailable or Corrupt.
//
// Password and code are counted before they are judged, each as at sign-in and together with what is guessed there: with a stolen
// token nobody guesses faster than without one. Both are always judged, and the answer does not say which was wrong.
func (c *PasswordChanger) ChangePassword(ctx context.Context, caller session.Identity, in PasswordChange) error {
	req, err := c.check(caller, in)
	if err != nil {
		return err
	}
	now := c.Now()
	account, _, err := c.Store.Account(ctx, caller.Username)
	if err != nil {
		return asked(apperr.Dependency(err), caller)
	}
	guess, err := reserve(ctx, c.Store, c.Log, account.passwordSubject(caller.Username, in.Address, now), passwordDelays(), now)
	if err != nil {
		return asked(err, caller)
	}
	attempt, err := reserve(ctx, c.Store, c.Log, codeSubject(caller.UserID), codeDelays(), now)
	if err != nil {
		guess.takeBack(ctx)
		return asked(err, caller)
	}
	err = c.change(ctx, caller, req, now)
	guess.settle(ctx, err, errWrongPassword)
	attempt.settle(ctx, err, errWrong)
	return asked(err, caller)
}

// check reads the input without asking anybody. The error's code is InvalidRequest.
func (c *PasswordChanger) check(caller session.Identity, in PasswordChange) (newPassword, error) {
	code, err := parseCode(in.OTP)
	if err != nil {
		return newPassword{}, err
	}
	plain, err := prepare(in.New, caller.Username, c.Strength)
	if err != nil {
		return newPassword{}, err
	}
	old, err := password.Prepare(in.Old) // what it refuses, nobody has: it is a wrong password
	if err == nil && old.Equal(plain) {
		return newPassword{}, apperr.New(apperr.InvalidRequest, "The new password is the old one: choose another.")
	}
	return newPassword{old: old, code: code, new: plain}, nil
}

func (c *PasswordChanger) change(ctx context.Context, caller session.Identity, req newPassword, now time.Time) error {
	var right, hash string // the stored hash that the old password is known to match, and the new one
	return c.amend(ctx, caller, func(before Account) (Account, error) {
		after, err := c.judge(ctx, before, req, now, right == before.PasswordHash)
		if err != nil {
			return Account{}, err
		}
		right = before.PasswordHash
		if hash == "" {
			if hash, err = c.hash(ctx, req.new); err != nil {
				return Account{}, err
			}
		}
		after.PasswordHash = hash
		after.endAllBut(caller.TokenID)
		return after, nil
	})
}

// judge returns the account with the code used up if both the password and the code are right. With known, the password is.
func (c *PasswordChanger) judge(ctx context.Context, before Account, req newPassword, now time.Time, known bool) (Account, error) {
	match := known
	if !known {
		var err error
		if match, err = c.matches(before.PasswordHash, req.old); err != nil {
			return Account{}, apperr.Tampered("password_hash_corrupt", err)
		}
	}
	key, err := openSecret(ctx, c.Opener, before.UserID, before.SealedTOTPSecret)
	after := Account{}
	if err == nil {
		after, err = before.use(key, req.code, now)
	}
	switch {
	case err != nil && apperr.CodeOf(err) != apperr.Unauthenticated:
		return Account{}, err
	case !match:
		return Account{}, errWrongPasswordAnd(err)
	case err != nil:
		return Account{}, reworded(err, errOldPassword)
	}
	return after, nil
}

// errWrongPasswordAnd refuses a wrong password, whose code, if cause is not nil, was no good either.
func errWrongPasswordAnd(cause error) error {
	refusal := &apperr.Error{Code: apperr.Unauthenticated, Detail: errOldPassword, Reason: "password_wrong", Bounded: true, Err: errors.Join(errWrongPassword, cause)}
	refusal.Alarm = cause != nil && apperr.From(cause).Alarm
	return refusal
}

// matches does the same work for a password that nobody can have.
func (c *PasswordChanger) matches(stored string, plain password.Plain) (bool, error) {
	if plain == (password.Plain{}) {
		c.Hasher.VerifyAbsent(plain)
		return false, nil
	}
	match, _, err := c.Hasher.Verify(stored, plain)
	return match, err
}

func (c *PasswordChanger) hash(ctx context.Context, plain password.Plain) (string, error) {
	if err := refuseBreached(ctx, c.Breached, plain); err != nil {
		return "", err
	}
	return c.Hasher.Hash(plain)
}
