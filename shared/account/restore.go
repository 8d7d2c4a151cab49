package account

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/token"
)

// Outcome is what restoring does with an account.
type Outcome string

// The outcomes.
const (
	Returned Outcome = "returned"           // nobody has the name: the account is written as it was, without sessions
	Replaced Outcome = "replaced"           // the account is there with other content: it gets the older one's
	Same     Outcome = "same"               // the account is there as the copy would leave it: nothing is written
	Foreign  Outcome = "another's name now" // the name belongs to another account now: nothing is written
	Unproven Outcome = "never used"         // nobody has the name, and nobody had ever signed in with it: nothing is written
)

// Restored is what restoring one account does, or would do.
type Restored struct {
	Outcome Outcome
	Account Account // as it is afterwards; what is there, for Same and Foreign
	Ended   int     // sessions that are over with it
}

// Restorer brings accounts back from an older copy of Accounts.
//
// Unless AsItWas is set, it lets nobody in who could not sign in before with the same role: an account that is disabled here
// or in the copy is disabled, one that is here keeps its role, and one that is gone comes back disabled, since it may have
// been disabled, demoted or removed after the copy. A recovery code that has been used since is used. With AsItWas all of it
// is as in the copy, but that an account which is here never becomes pending again: its name would be anybody's. In either case
// sessions end, challenges are void, and no time code from before is taken.
type Restorer struct {
	Store ChangeStore
	Now   func() time.Time

	// EndUnlisted deletes every token row of a user. It is called for an account that is gone, whose list of sessions went with it.
	EndUnlisted func(ctx context.Context, userID token.ID) error

	AsItWas bool
	DryRun  bool // write nothing, and say what would be done
}

// Restore restores one account. It is safe to repeat. The error's code is ServiceUnavailable, or Corrupt: the row that is here
// is damaged, and must be deleted first.
func (r *Restorer) Restore(ctx context.Context, old Account) (Restored, error) {
	for attempt := range maxAttempts {
		live, found, err := r.Store.Account(ctx, old.Username)
		if err != nil {
			return Restored{}, apperr.Dependency(err)
		}
		change := Change{}
		if found {
			change.Before = &live
			change.Ended = live.Tokens()
		}
		done := r.decide(change.Before, old)
		if r.DryRun || done.Outcome != Returned && done.Outcome != Replaced {
			return done, nil
		}
		if done.Outcome == Returned {
			// Before the account is there, so that one that was returned has no leftovers, wherever this is interrupted: the next
			// run finds it the same already. None comes in meanwhile, for a sign-in writes nothing without its account. If somebody
			// else brings the account back in between, this ends what has begun since, and then is a conflict.
			if err := r.EndUnlisted(ctx, old.UserID); err != nil {
				return Restored{}, apperr.Dependency(err)
			}
		}
		change.After, done.Ended = &done.Account, len(change.Ended)
		err = r.Store.ChangeAccount(ctx, change)
		if !errors.Is(err, ErrConflict) {
			return done, apperr.Dependency(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return Restored{}, err
		}
	}
	return Restored{}, apperr.Unavailable(ErrConflict)
}

// decide says what becomes of the account that is there, nil for none, and the copy of it.
func (r *Restorer) decide(live *Account, old Account) Restored {
	after := old
	after.LastTOTPStep = max(old.LastTOTPStep, otp.StepAt(r.Now()))
	after.Sessions, after.APITokens = map[token.ID]SessionEntry{}, map[token.ID]APITokenEntry{}
	after.EnrollingTOTPSecret, after.EnrollingExpiresAt = nil, 0
	after.EnrolmentHash, after.EnrolmentExpiresAt = "", 0
	switch {
	case live == nil && old.Status == Pending:
		return Restored{Outcome: Unproven, Account: old}
	case live == nil:
		after.SessionVersion++
		after.Revision++
		if !r.AsItWas {
			after.Status = Disabled
		}
		return Restored{Outcome: Returned, Account: after}
	case live.UserID != old.UserID:
		return Restored{Outcome: Foreign, Account: *live}
	}
	if old.Status == Pending {
		after.Status = live.Status
	}
	if !r.AsItWas {
		after.Role = live.Role
		after.Status = live.Status
		if old.Status == Disabled {
			after.Status = Disabled
		}
		if bytes.Equal(live.SealedTOTPSecret, old.SealedTOTPSecret) { // else the hashes are of another secret's codes
			after.RecoveryCodes = slices.DeleteFunc(slices.Clone(old.RecoveryCodes), func(code string) bool {
				return !slices.Contains(live.RecoveryCodes, code)
			})
		}
	}
	if after.sameCredentials(*live) {
		return Restored{Outcome: Same, Account: *live}
	}
	after.LastTOTPStep = max(after.LastTOTPStep, live.LastTOTPStep)
	after.SessionVersion = max(old.SessionVersion, live.SessionVersion) + 1
	after.Revision = max(old.Revision, live.Revision) + 1
	return Restored{Outcome: Replaced, Account: after}
}

// sameCredentials reports whether both let in the same person with the same role.
func (a Account) sameCredentials(b Account) bool {
	return a.UserID == b.UserID && a.Status == b.Status && a.Role == b.Role && a.PasswordHash == b.PasswordHash &&
		bytes.Equal(a.SealedTOTPSecret, b.SealedTOTPSecret) && slices.Equal(a.RecoveryCodes, b.RecoveryCodes) &&
		a.CreatedAt == b.CreatedAt
}
