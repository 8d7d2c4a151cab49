// Package account is the life of an account, from registration to erasure: invitations, the two steps of a sign-in, each throttled,
// credentials, sessions and API tokens as their owners see them, and what ADMINs and the operator do to accounts. What runs on every
// request is package session.
package account

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

// Status is where an account is in its life.
type Status string

// The statuses.
const (
	Pending  Status = "pending"  // registered, no second factor shown yet
	Active   Status = "active"   // has signed in at least once
	Disabled Status = "disabled" // may not sign in
)

// How much an account can have at once. Both together keep whatever ends all of it within one DynamoDB transaction (100 items).
const (
	MaxSessions  = 50 // the next sign-in ends the oldest
	MaxAPITokens = 25 // the next one is refused
)

// Account is one row of Accounts.
type Account struct {
	Username         string // canonical
	UserID           token.ID
	Status           Status
	Role             policy.Role
	PasswordHash     string                     // Argon2id in PHC form
	SealedTOTPSecret []byte                     // under KMS, bound to the user id
	LastTOTPStep     int64                      // the step of the last accepted code: none up to it is accepted again
	RecoveryCodes    []string                   // those not used yet, each as otp.RecoveryCode.Hash gives it
	Sessions         map[token.ID]SessionEntry  // by token id; at most MaxSessions live ones
	APITokens        map[token.ID]APITokenEntry // by token id; at most MaxAPITokens live ones
	SessionVersion   int64                      // rises when all sessions end: it voids pending challenges
	Revision         int64                      // rises with every write
	CreatedAt        int64                      // Unix seconds
	Places           map[string]int64           // where the owner is known to have been (place): until when each counts, in Unix seconds

	// When a pending account that nobody has signed in to may be deleted, in Unix seconds. Registration alone sets it, and whatever is
	// not pending never has one: the stores see to that, so that nothing else is ever deleted by itself. 0: never.
	LapsesAt int64

	// The invitation that made the account, empty if none did: while the account is pending, whoever holds it may register
	// again.
	InvitationHash      string
	InvitationExpiresAt int64 // Unix seconds

	// The authenticator that is being enrolled in place of the present one, until a code of it is shown. Empty: none is.
	EnrollingTOTPSecret []byte // sealed as SealedTOTPSecret is
	EnrollingExpiresAt  int64  // Unix seconds

	// The right to enrol an authenticator without showing a code of the old one, after an administrator has reset the second
	// factor. Empty: there is none.
	EnrolmentHash      string
	EnrolmentExpiresAt int64 // Unix seconds
}

// SessionEntry is an account's note of one of its sessions. Its record in Tokens has the rest.
type SessionEntry struct {
	SessionID     string
	CreatedAt     int64  // Unix seconds
	ExpiresAt     int64  // Unix seconds: the session's limit, however often it is renewed
	Device        string // a label for people, perhaps empty
	AddressFamily string // "ipv4" or "ipv6": of the source address at sign-in; empty if it was neither
}

// APITokenEntry is an account's note of one of its API tokens.
type APITokenEntry struct {
	Name      string         // what its maker calls it
	CreatedAt int64          // Unix seconds
	ExpiresAt int64          // Unix seconds
	Routes    []policy.Route // the only ones that it is good for; empty: all that API tokens of the role may call
}

// Tokens returns the ids of all tokens that the account has: of its sessions and its API tokens.
func (a Account) Tokens() []token.ID {
	return slices.AppendSeq(slices.Collect(maps.Keys(a.Sessions)), maps.Keys(a.APITokens))
}

// What a store answers when a condition of a write does not hold.
var (
	// ErrConflict means that what the caller read has changed, or is being changed: read again and decide anew.
	ErrConflict = errors.New("account: changed since it was read")

	// ErrChallengeGone means that the challenge has been used already.
	ErrChallengeGone = errors.New("account: the challenge is gone")

	// ErrSessionEnded means that the session in which it was to be done has ended.
	ErrSessionEnded = errors.New("account: the session has ended")
)

// Reader finds accounts.
type Reader interface {
	// Account returns the account as of now (strongly consistent), and false if there is none. An error with code
	// apperr.Corrupt means that the row is damaged, and any other that the store could not answer.
	Account(ctx context.Context, username string) (Account, bool, error)
}

// maxAttempts is how often a write that meets ErrConflict is tried, the first time included.
const maxAttempts = 6

// pause waits before the attempt after the given one (from 0): a random time of up to 20 ms, doubling each time, so that
// writers that collided do not collide again. After the last of maxAttempts there is nothing to wait for. It returns early,
// with an error, when ctx ends.
func pause(ctx context.Context, attempt int) error {
	if attempt == maxAttempts-1 {
		return nil
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the process instead
	ceiling := uint64(20*time.Millisecond) << attempt
	timer := time.NewTimer(time.Duration(binary.BigEndian.Uint64(random[:]) % ceiling)) //nolint:gosec // G115: below a second
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return apperr.Unavailable(ctx.Err())
	}
}
