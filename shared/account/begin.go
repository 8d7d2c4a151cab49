package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/password"
	"sallyport/shared/secret"
	"sallyport/shared/throttle"
	"sallyport/shared/token"
)

// Challenge is one row of Challenges: a pending second-factor step. It names the user id, so that it cannot finish on an
// account that has since replaced this one under the same name.
type Challenge struct {
	ID             string
	Username       string // canonical
	UserID         token.ID
	Attempts       int   // codes counted so far, right or wrong
	SessionVersion int64 // as seen with the password
	ExpiresAt      int64 // Unix seconds
}

// BeginStore is what the first step of a sign-in needs of a store. Errors other than ErrConflict mean that it could not answer, or,
// with code apperr.Corrupt, that a row is damaged.
type BeginStore interface {
	Reader
	Throttles
	throttle.Counter

	// AddChallenge stores a new challenge.
	AddChallenge(ctx context.Context, challenge Challenge) error

	// ReplacePasswordHash stores the same password's hash under higher parameters, if the account is still at this user id
	// and revision, else ErrConflict.
	ReplacePasswordHash(ctx context.Context, account Account, hash string) error
}

// Beginner takes the first step of sign-ins: the password.
type Beginner struct {
	Store         BeginStore
	Hasher        *password.Hasher
	ChallengeLife time.Duration
	Now           func() time.Time
	Log           *slog.Logger
}

// BeginInput is what a caller shows.
type BeginInput struct {
	Username string
	Password secret.Text
	Address  string // the source address, as the gateway saw it
}

// Begun is a sign-in that waits for its second factor.
type Begun struct {
	ChallengeID string
	ExpiresIn   time.Duration
	Username    string // canonical; for the log
	UserID      token.ID
}

// errCredentials is one and the same for a wrong password, an unknown name and a disabled account.
func errCredentials(reason apperr.Reason) error {
	return &apperr.Error{Code: apperr.Unauthenticated, Detail: "The username or the password is wrong.", Reason: reason, Bounded: true}
}

// named notes for the log and the audit event whose sign-in failed. Only an account that exists is named: what was typed in a name's
// place may be a password.
func named(err error, username string, userID token.ID) error {
	named := *apperr.From(err)
	named.Account, named.UserID = username, userID.String()
	return &named
}

// Begin checks the password and opens a challenge. The error's code is Unauthenticated, TooManyRequests, ServiceUnavailable,
// or Corrupt, which is an alarm: a stored row, or the password hash in it, is damaged.
//
// Whoever guesses learns nothing about whether a name exists: the answer, the reads, the writes and the one Argon2id hash are
// the same for all.
func (b *Beginner) Begin(ctx context.Context, in BeginInput) (Begun, error) {
	return throttle.ByAddress(ctx, passwordsByAddress(b.Store, b.Now, b.Log), in.Address, func() (Begun, error) { return b.begin(ctx, in) })
}

func (b *Beginner) begin(ctx context.Context, in BeginInput) (Begun, error) {
	now := b.Now()
	canonical, err := Canonical(in.Username)
	if err != nil {
		canonical = in.Username // no account can have this name, so it is as good as unknown
	}
	account, found, err := b.Store.Account(ctx, canonical)
	if err != nil {
		return Begun{}, apperr.Dependency(err)
	}
	attempt, err := reserve(ctx, b.Store, b.Log, account.passwordSubject(canonical, in.Address, now), passwordDelays(), now)
	if err != nil {
		if found { // whoever looks at an account's events wants to see that it is being guessed at
			err = named(err, account.Username, account.UserID)
		}
		return Begun{}, err
	}
	challenge, err := b.challenge(ctx, account, found, in.Password, now)
	if err == nil {
		err = apperr.Dependency(b.Store.AddChallenge(ctx, challenge))
	}
	switch {
	case err == nil:
		attempt.succeeded(ctx)
		return Begun{ChallengeID: challenge.ID, ExpiresIn: b.ChallengeLife, Username: canonical, UserID: challenge.UserID}, nil
	case !throttle.Guesses(err):
		attempt.takeBack(ctx)
	}
	return Begun{}, err
}

// challenge judges the password, and returns the challenge to store if it is right.
func (b *Beginner) challenge(ctx context.Context, account Account, found bool, text secret.Text, now time.Time) (Challenge, error) {
	plain, err := password.Prepare(text)
	if err != nil || !found { // nobody has such a password, or such a name
		b.Hasher.VerifyAbsent(plain)
		if found {
			return Challenge{}, named(errCredentials("password_wrong"), account.Username, account.UserID)
		}
		return Challenge{}, errCredentials("credentials_unknown")
	}
	match, outdated, err := b.Hasher.Verify(account.PasswordHash, plain)
	switch {
	case err != nil:
		return Challenge{}, named(apperr.Tampered("password_hash_corrupt", err), account.Username, account.UserID)
	case !match:
		return Challenge{}, named(errCredentials("password_wrong"), account.Username, account.UserID)
	case account.Status == Disabled:
		return Challenge{}, named(errCredentials("account_disabled"), account.Username, account.UserID)
	}
	if outdated {
		if err := b.rehash(ctx, account, plain); err != nil {
			b.Log.WarnContext(ctx, "a password could not be rehashed yet", "error", err)
		}
	}
	return Challenge{
		ID: token.NewID().String(), Username: account.Username, UserID: account.UserID,
		SessionVersion: account.SessionVersion, ExpiresAt: now.Add(b.ChallengeLife).Unix(),
	}, nil
}

// rehash raises a stored hash to today's parameters, which only a sign-in can do. When it fails, the next sign-in tries again.
func (b *Beginner) rehash(ctx context.Context, account Account, plain password.Plain) error {
	hash, err := b.Hasher.Hash(plain)
	if err != nil {
		return fmt.Errorf("hashing: %w", err)
	}
	if err := b.Store.ReplacePasswordHash(ctx, account, hash); err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("storing: %w", err)
	}
	return nil
}
