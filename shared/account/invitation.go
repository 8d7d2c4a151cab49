package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
)

// How long an invitation may be good for.
const (
	MinInvitationLife     = time.Minute
	MaxInvitationLife     = 7 * 24 * time.Hour
	DefaultInvitationLife = 24 * time.Hour
)

// Invitation is one row of Invitations: the right to register once with a role. Using it deletes it.
type Invitation struct {
	CodeHash  string // of the code that its holder shows
	Role      policy.Role
	MadeBy    string // the user id of its maker, or "the operator": nothing else is left of a maker who is erased
	ExpiresAt int64  // Unix seconds
}

// InvitationAdder stores invitations. An error means that the store could not answer.
type InvitationAdder interface {
	AddInvitation(ctx context.Context, invitation Invitation) error
}

// Inviter makes invitations.
type Inviter struct {
	store InvitationAdder
	now   func() time.Time
}

// NewInviter returns an Inviter.
func NewInviter(store InvitationAdder, now func() time.Time) *Inviter {
	return &Inviter{store: store, now: now}
}

// Invite makes an invitation for the named role that is good for expiresIn seconds, nil for DefaultInvitationLife, and
// returns its code, which is stored nowhere. Whether maker may invite is for the caller to know. The error's code is
// InvalidRequest for an unknown role or a life out of bounds, or ServiceUnavailable.
func (i *Inviter) Invite(ctx context.Context, maker, roleName string, expiresIn *int64) (secret.Text, Invitation, error) {
	role, ok := policy.ParseRole(roleName)
	if !ok {
		return secret.Text{}, Invitation{}, errRole()
	}
	life := int64(DefaultInvitationLife / time.Second)
	if expiresIn != nil {
		life = *expiresIn
	}
	if life < int64(MinInvitationLife/time.Second) || life > int64(MaxInvitationLife/time.Second) {
		return secret.Text{}, Invitation{}, apperr.New(apperr.InvalidRequest, "expires_in must be from 60 to 604800 seconds.")
	}
	code := secret.New(rand.Text()) // at least 128 bits
	invitation := Invitation{
		CodeHash: invitationHash(code), Role: role, MadeBy: maker, ExpiresAt: i.now().Unix() + life,
	}
	if err := i.store.AddInvitation(ctx, invitation); err != nil {
		return secret.Text{}, Invitation{}, apperr.Dependency(err)
	}
	return code, invitation, nil
}

func errRole() error {
	return apperr.New(apperr.InvalidRequest, "The role must be "+policy.RoleNames()+".")
}

func invitationHash(code secret.Text) string { return codeHash("sallyport invitation v1", code) }

// codeHash is what is stored of a code that was made here. It needs no salt and no slow function: a code of 128 random bits cannot be
// found from its hash. The purpose keeps a code from being good for another.
func codeHash(purpose string, code secret.Text) string {
	sum := sha256.Sum256([]byte(purpose + "\x00" + code.Reveal()))
	return hex.EncodeToString(sum[:])
}
