package account

import (
	"context"
	"errors"
	"log/slog"
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
// the evicted records, writes the account's sessions, places, last step, recovery codes and status, and ends its right to enrol anew.
// An account that has been signed in to no longer lapses.
type Completion struct {
	Challenge Challenge
	Before    Account // as read: its revision, and what the conditions speak of, must still hold
	After     Account
	Record    session.Record
	Evicted   []token.ID // tokens that make room for this one
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

// errNoChallenge is the cause of a refusal that counts against its address, though against no account.
var errNoChallenge = errors.New("account: no such challenge")

func errUnknown() error {
	refusal := errCode("challenge_unknown")
	refusal.Err = errNoChallenge
	return refusal
}

// Finish checks the code that answers a challenge, and begins a session. The error's code is InvalidRequest (not the form of
// a code, or no label for a device; not counted), Unauthenticated, TooManyRequests, ServiceUnavailable, or Corrupt, which is an alarm: a
// stored row or the day's data key is damaged. A TOTP secret that does not open is an alarm too, but Unauthenticated.
//
// An attempt is counted before it is judged, against its address, its challenge and the account, so that parallel guesses cannot
// pass a limit. Checking the code and using it up are one transaction.
func (f *Finisher) Finish(ctx context.Context, in FinishInput) (SignedIn, error) {
	code, err := parseCode(in.Code)
	if err != nil {
		return SignedIn{}, err
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

// use judges the code, and returns the account as the sign-in leaves it, its list of sessions aside.
func (f *Finisher) use(ctx context.Context, account Account, code otp.Code, now time.Time) (Account, error) {
	key, err := openSecret(ctx, f.Opener, account.UserID, account.SealedTOTPSecret)
	if err != nil {
		return Account{}, err
	}
	account, err = account.use(key, code, now)
	account.Status, account.LapsesAt = Active, 0
	account.EnrolmentHash, account.EnrolmentExpiresAt = "", 0 // whoever has signed in has the authenticator
	return account, err
}
