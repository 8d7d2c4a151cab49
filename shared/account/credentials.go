package account

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// CredentialStore is what changing credentials needs of a store.
type CredentialStore interface {
	Reader
	Throttles

	// ChangeCredentials does all of the change, or nothing. ErrSessionEnded and ErrConflict say why nothing; any other error
	// means that the store could not answer.
	ChangeCredentials(ctx context.Context, change CredentialChange) error
}

// CredentialChange is what the owner of an account changes of its credentials, in one transaction: it writes the account's
// password hash, authenticators, codes, last step, lists of tokens and session version, and deletes the records of what has ended.
// The revision rises by one.
type CredentialChange struct {
	Before  Account // as read: it must be active, and its revision and what is used up of it must still hold
	After   Account
	Session token.ID   // the token of the session that asks: it must be listed, and its record be there
	Ended   []token.ID // of the account's sessions and API tokens, never Session
}

// CredentialChanger changes the credentials of whoever has a session and shows a credential once more.
//
// A session that ends meanwhile changes nothing from then on: that it lives is a condition of the transaction. Codes are
// counted against the account as at sign-in (Finisher), before they are judged, and are used up in the same transaction, so that none
// is good twice, wherever it is shown.
type CredentialChanger struct {
	Store  CredentialStore
	Opener SecretOpener
	Now    func() time.Time
	Log    *slog.Logger
}

// prove has the caller show a code of the present authenticator or a recovery code, and changes what edit changes of the account,
// whose code has been used up. The error's code is Unauthenticated, TooManyRequests, ServiceUnavailable, Corrupt, or edit's.
func (c *CredentialChanger) prove(ctx context.Context, caller session.Identity, code otp.Code, edit func(*Account, otp.Secret) error) error {
	return c.guess(ctx, caller, func(before Account, now time.Time) (Account, error) {
		key, err := openSecret(ctx, c.Opener, before.UserID, before.SealedTOTPSecret)
		after := Account{}
		if err == nil {
			after, err = before.use(key, code, now)
		}
		if err != nil {
			return Account{}, reworded(err, "The code is wrong or used. Wait for the next code, then try again.")
		}
		err = edit(&after, key)
		return after, err
	})
}

// guess counts an attempt at the account's codes before change judges it.
func (c *CredentialChanger) guess(ctx context.Context, caller session.Identity, change func(Account, time.Time) (Account, error)) error {
	now := c.Now()
	attempt, err := reserve(ctx, c.Store, c.Log, codeSubject(caller.UserID), codeDelays(), now)
	if err != nil {
		return asked(err, caller)
	}
	err = c.amend(ctx, caller, func(before Account) (Account, error) { return change(before, now) })
	attempt.settle(ctx, err, errWrong)
	return asked(err, caller)
}

// asked notes for log and audit who asked for what was refused. Nil stays nil.
func asked(err error, caller session.Identity) error {
	if err == nil {
		return nil
	}
	noted := *apperr.From(err)
	noted.Account, noted.UserID, noted.TokenID = caller.Username, caller.UserID.String(), caller.TokenID.String()
	return &noted
}

// amend writes what change makes of the account, in the name of the caller's session, until nothing comes in between. What change
// has accepted once was no wrong guess, whatever it says later.
func (c *CredentialChanger) amend(ctx context.Context, caller session.Identity, change func(Account) (Account, error)) error {
	accepted := false
	for attempt := range maxAttempts {
		before, found, err := c.Store.Account(ctx, caller.Username)
		if err != nil {
			return apperr.Dependency(err)
		}
		if _, listed := before.Sessions[caller.TokenID]; !found || !listed || before.UserID != caller.UserID || before.Status != Active {
			return errSessionEnded()
		}
		after, err := change(before)
		if err != nil {
			return unlessAccepted(accepted, err)
		}
		accepted = true
		err = c.Store.ChangeCredentials(ctx, CredentialChange{
			Before: before, After: after, Session: caller.TokenID, Ended: gone(before, after),
		})
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrSessionEnded):
			return errSessionEnded()
		case !errors.Is(err, ErrConflict):
			return apperr.Dependency(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
	return apperr.Unavailable(ErrConflict)
}

// unlessAccepted takes from a refusal what would have it counted as a wrong guess.
func unlessAccepted(accepted bool, err error) error {
	refusal := *apperr.From(err)
	if accepted && refusal.Code == apperr.Unauthenticated && !refusal.Alarm {
		refusal.Err, refusal.Bounded = nil, false
	}
	return &refusal
}

// gone returns the tokens that after has no more.
func gone(before, after Account) []token.ID {
	left := after.Tokens()
	return slices.DeleteFunc(before.Tokens(), func(id token.ID) bool { return slices.Contains(left, id) })
}

// endAllBut leaves the account the one session, and voids pending challenges and an enrolment under way.
func (a *Account) endAllBut(id token.ID) {
	a.Sessions, a.APITokens = map[token.ID]SessionEntry{id: a.Sessions[id]}, map[token.ID]APITokenEntry{}
	a.EnrollingTOTPSecret, a.EnrollingExpiresAt = nil, 0
	a.SessionVersion++
}
