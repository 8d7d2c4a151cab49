package account

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/throttle"
	"sallyport/shared/token"
)

// maxChallengeAttempts is how many codes one challenge takes (NIST SP 800-63B-4 section 3.2.2 asks for a limit).
const maxChallengeAttempts = 5

// FinishStore is what the second step of a sign-in needs of a store. Errors other than ErrConflict and ErrChallengeGone mean that it
// could not answer, or, with code apperr.Corrupt, that a row is damaged.
type FinishStore interface {
	Reader
	Throttles
	throttle.Counter

	// Challenge returns the challenge as of now (strongly consistent), and false if there is none.
	Challenge(ctx context.Context, id string) (Challenge, bool, error)

	// CountAttempt adds one to the challenge's attempts, in one atomic step, if they are below limit and the challenge has not
	// expired at now (Unix seconds); else it reports false.
	CountAttempt(ctx context.Context, id string, limit int, now int64) (bool, error)

	// FinishSignIn does all that a completed sign-in changes, or nothing. ErrChallengeGone and ErrConflict say why nothing.
	FinishSignIn(ctx context.Context, completion Completion) error
}

// Completion is what a completed sign-in changes, in one transaction: it deletes the challenge, stores the record, deletes
// the evicted records, and writes the account's sessions, places, last step, recovery codes and status. An account that has been
// signed in to no longer lapses.
type Completion struct {
	Challenge Challenge
	Before    Account // as read: its revision, and what the conditions speak of, must still hold
	After     Account
	Record    session.Record
	Evicted   []token.ID // tokens that make room for this one
}

// SecretOpener opens what a SecretSealer sealed. An error with code apperr.Corrupt means that the sealed secret is damaged or
// another account's, and any other that the key service could not answer.
type SecretOpener interface {
	OpenSecret(ctx context.Context, userID token.ID, sealed []byte) ([]byte, error)
}

// Finisher takes the second step of sign-ins: the code.
type Finisher struct {
	Store  FinishStore
	Opener SecretOpener
	Issuer *session.Issuer
	Now    func() time.Time
	Log    *slog.Logger
}

// FinishInput is what a caller shows.
type FinishInput struct {
	ChallengeID string
	Code        secret.Text
	Device      *string // what the session is called in the account's list; nil: what the client calls itself
	UserAgent   string  // what the client calls itself; may be empty
	Address     string  // the source address, as the gateway saw it
}

// entry is the account's note of the session that the input begins.
func (in FinishInput) entry(record session.Record) SessionEntry {
	entry := SessionEntry{
		SessionID: record.SessionID, CreatedAt: record.CreatedAt, ExpiresAt: record.LimitAt, AddressFamily: addressFamily(in.Address),
	}
	if entry.Device = clientLabel(in.UserAgent); in.Device != nil {
		entry.Device = *in.Device
	}
	return entry
}

// SignedIn is a new session.
type SignedIn struct {
	AccessToken      secret.Text
	ExpiresIn        time.Duration
	Identity         session.Identity
	WithRecoveryCode bool // not with one of the authenticator
	Evicted          int  // older sessions that ended to make room for this one
}

// errCode is one and the same for a wrong code, a used one, and a challenge that is unknown, expired or used up.
func errCode(reason apperr.Reason) *apperr.Error {
	return apperr.Refuse(apperr.Unauthenticated,
		"The code is wrong or used, or the challenge is over. Wait for the next code, or sign in again.", reason)
}

// errUsed is for a code that was right once.
func errUsed() error { return errCode("code_used") }

// What counts as a failure, as the causes of a refusal. Only the first counts against an account.
var (
	errWrong       = errors.New("account: not, and never was, a code of this account")
	errNoChallenge = errors.New("account: no such challenge")
)

func errUnknown() error {
	refusal := errCode("challenge_unknown")
	refusal.Err = errNoChallenge
	return refusal
}

func errWrongCode() error {
	refusal := errCode("code_wrong")
	refusal.Err = errWrong
	return refusal
}

// Finish checks the code that answers a challenge, and begins a session. The error's code is InvalidRequest (not the form of
// a code, or no label for a device; not counted), Unauthenticated, TooManyRequests, ServiceUnavailable, or Corrupt, which is an alarm: a stored row or the
// day's data key is damaged. A TOTP secret that does not open is an alarm too, but Unauthenticated.
//
// An attempt is counted before it is judged, against its address, its challenge and the account, so that parallel guesses cannot
// pass a limit. Checking the code and using it up are one transaction.
func (f *Finisher) Finish(ctx context.Context, in FinishInput) (SignedIn, error) {
	code, err := otp.ParseCode(in.Code)
	if err != nil {
		return SignedIn{}, &apperr.Error{Code: apperr.InvalidRequest, Detail: sentence(err), Err: err}
	}
	if len(in.ChallengeID) > MaxCodeLength {
		return SignedIn{}, apperr.New(apperr.InvalidRequest, "The challenge_id must have at most 128 bytes.")
	}
	if in.Device != nil {
		if err := checkLabel("device", *in.Device); err != nil {
			return SignedIn{}, err
		}
	}
	limit := throttle.Addresses{
		Counter: f.Store, Route: "verify-otp", Most: failuresPerAddress, Now: f.Now, Log: f.Log,
		Counts: func(err error) bool { return errors.Is(err, errWrong) || errors.Is(err, errNoChallenge) },
	}
	return throttle.ByAddress(ctx, limit, in.Address, func() (SignedIn, error) { return f.finish(ctx, in, code) })
}

func (f *Finisher) finish(ctx context.Context, in FinishInput, code otp.Code) (SignedIn, error) {
	now := f.Now()
	challenge, err := f.challenge(ctx, in.ChallengeID, now)
	if err != nil {
		return SignedIn{}, err
	}
	attempt, err := reserve(ctx, f.Store, f.Log, codeSubject(challenge.UserID), codeDelays(), now)
	if err != nil {
		return SignedIn{}, named(err, challenge.Username, challenge.UserID)
	}
	signedIn, err := f.answer(ctx, in, challenge, code, now)
	if err == nil {
		attempt.succeeded(ctx)
		return signedIn, nil
	}
	if !errors.Is(err, errWrong) {
		attempt.takeBack(ctx)
	}
	return SignedIn{}, named(err, challenge.Username, challenge.UserID)
}

// challenge finds the challenge that the caller answers, if it can still be answered.
func (f *Finisher) challenge(ctx context.Context, id string, now time.Time) (Challenge, error) {
	if id == "" {
		return Challenge{}, errUnknown()
	}
	challenge, found, err := f.Store.Challenge(ctx, id)
	switch {
	case err != nil:
		return Challenge{}, apperr.Dependency(err)
	case !found:
		return Challenge{}, errUnknown()
	case challenge.ExpiresAt <= now.Unix():
		return Challenge{}, named(errCode("challenge_expired"), challenge.Username, challenge.UserID)
	}
	return challenge, nil
}

// answer judges the code. The error wraps errWrong only if the code is not, and never was, the account's.
func (f *Finisher) answer(ctx context.Context, in FinishInput, challenge Challenge, code otp.Code, now time.Time) (SignedIn, error) {
	counted, err := f.Store.CountAttempt(ctx, challenge.ID, maxChallengeAttempts, now.Unix())
	if err != nil {
		return SignedIn{}, apperr.Dependency(err)
	}
	if !counted {
		return SignedIn{}, errCode("challenge_used_up")
	}
	wasRight := false
	for attempt := range maxAttempts {
		before, found, err := f.Store.Account(ctx, challenge.Username)
		if err != nil {
			return SignedIn{}, apperr.Dependency(err)
		}
		if !found || before.UserID != challenge.UserID || before.SessionVersion != challenge.SessionVersion ||
			(before.Status != Active && before.Status != Pending) {
			return SignedIn{}, errCode("challenge_void")
		}
		after, err := f.use(ctx, before, code, now)
		if wasRight && errors.Is(err, errWrong) { // a parallel request with this recovery code was first
			err = errUsed()
		}
		if err != nil {
			return SignedIn{}, err
		}
		wasRight = true
		minted, record, err := f.Issuer.Issue(ctx, session.Holder{UserID: before.UserID, Username: before.Username, Role: before.Role})
		if err != nil {
			return SignedIn{}, err
		}
		completion := Completion{Challenge: challenge, Before: before, After: after, Record: record}
		completion.Evicted = completion.After.addSession(record.TokenID, in.entry(record), now.Unix())
		completion.After.addPlace(in.Address, now)
		switch err := f.Store.FinishSignIn(ctx, completion); {
		case err == nil:
			return SignedIn{
				AccessToken: minted, ExpiresIn: f.Issuer.Life(), Identity: record.Identity(),
				WithRecoveryCode: code.IsRecovery(), Evicted: len(completion.Evicted),
			}, nil
		case errors.Is(err, ErrChallengeGone): // a parallel request with the same challenge was first
			return SignedIn{}, errUsed()
		case !errors.Is(err, ErrConflict):
			return SignedIn{}, apperr.Dependency(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return SignedIn{}, err
		}
	}
	return SignedIn{}, apperr.Unavailable(ErrConflict)
}

// use judges the code against the account, and returns the account with the code used up.
func (f *Finisher) use(ctx context.Context, account Account, code otp.Code, now time.Time) (Account, error) {
	key, err := f.secret(ctx, account)
	if err != nil {
		return Account{}, err
	}
	account.Status, account.LapsesAt = Active, 0
	if code.IsRecovery() {
		hash := code.Recovery().Hash(key, account.UserID.String())
		i := slices.Index(account.RecoveryCodes, hash)
		if i < 0 {
			return Account{}, errWrongCode()
		}
		account.RecoveryCodes = slices.Delete(slices.Clone(account.RecoveryCodes), i, i+1)
		return account, nil
	}
	step, ok := key.Match(code, now)
	if !ok {
		return Account{}, errWrongCode()
	}
	if step <= account.LastTOTPStep { // RFC 6238 section 5.2: a code is good once
		return Account{}, errUsed()
	}
	account.LastTOTPStep = step
	return account, nil
}

// secret opens the account's authenticator secret. One that does not open is another account's or damaged: the sign-in is
// refused, and somebody should look.
func (f *Finisher) secret(ctx context.Context, account Account) (otp.Secret, error) {
	plaintext, err := f.Opener.OpenSecret(ctx, account.UserID, account.SealedTOTPSecret)
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
