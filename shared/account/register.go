package account

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/password"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/throttle"
	"sallyport/shared/token"
)

const (
	// pendingLife is how long an account that was never signed in to keeps its name to itself.
	pendingLife = 15 * time.Minute

	// lapseAfter is after how long such an account may be deleted. It is as long as the invitation that made it can be good for, since
	// that may replace it until then.
	lapseAfter = MaxInvitationLife

	// MaxCodeLength bounds invitations and challenge ids as callers send them, in bytes.
	MaxCodeLength = 128
)

// RegistrationStore is what registration needs of a store. Errors other than ErrConflict mean that it could not answer, or, with
// code apperr.Corrupt, that a row is damaged.
type RegistrationStore interface {
	Reader
	throttle.Counter

	// Invitation returns the invitation as of now (strongly consistent), and false if there is none.
	Invitation(ctx context.Context, codeHash string) (Invitation, bool, error)

	// CreateAccount stores the account and uses the invitation up, both or neither. ErrConflict means that the name or the
	// invitation is no longer as it was read.
	CreateAccount(ctx context.Context, creation Creation) error
}

// Creation is one new account.
type Creation struct {
	Account  Account
	Replaces *Account // the pending account to replace, if it is still at this user id and revision; nil: the name is free
	Uses     string   // the hash of the invitation that must be there and is used up; empty: none
}

// Registrar registers accounts.
type Registrar struct {
	Store     RegistrationStore
	Sealer    SecretSealer
	Hasher    *password.Hasher
	Strength  func(p password.Plain, username string) error // refuses what is easily guessed
	Breached  BreachList                                    // nil: none is asked
	FreeRoles []policy.Role                                 // the roles that need no invitation
	Issuer    string                                        // what authenticator apps show beside the username
	Now       func() time.Time
	Log       *slog.Logger

	// PerAddress is how many well-formed registrations, refused ones too, one address may ask for in a throttle.Window: each that is
	// not refused costs a hash and a row, and a refusal says whether a name is taken.
	PerAddress int
}

// RegisterInput is what a caller asks for.
type RegisterInput struct {
	Username   string
	Password   secret.Text
	Role       *string      // nil: CONSUMER
	Invitation *secret.Text // nil: none
	Address    string       // the source address, as the gateway saw it
}

// Registered is a new account, with the secrets that are shown this once.
type Registered struct {
	UserID        token.ID
	Username      string // canonical
	Role          policy.Role
	TOTPSecret    secret.Text   // base32
	TOTPURI       secret.Text   // otp.Secret.URI
	RecoveryCodes []secret.Text // as otp.RecoveryCode.Show gives them
}

// request is an input that is well-formed.
type request struct {
	username       string
	password       password.Plain
	role           policy.Role
	invitationHash string // empty: none
	address        string
}

// Register makes a pending account; its first complete sign-in makes it active. The error's code is InvalidRequest,
// TooManyRequests (of this address), Forbidden (the role needs an invitation, and this is none for it), UsernameTaken,
// ServiceUnavailable or Corrupt (a stored row is damaged), and then the invitation is unused. After ServiceUnavailable alone the account
// may have been made all the same, its answer lost: with the same invitation the caller may register anew at once, without one after
// pendingLife.
func (r *Registrar) Register(ctx context.Context, in RegisterInput) (Registered, error) {
	req, err := r.check(in)
	if err != nil {
		return Registered{}, err
	}
	limit := throttle.Addresses{
		Counter: r.Store, Route: "register", Most: r.PerAddress, Counts: throttle.Requests, Now: r.Now, Log: r.Log,
	}
	return throttle.ByAddress(ctx, limit, in.Address, func() (Registered, error) { return r.register(ctx, req) })
}

func (r *Registrar) register(ctx context.Context, req request) (Registered, error) {
	creation, err := r.admit(ctx, req)
	if err != nil {
		return Registered{}, err
	}
	account, shown, err := r.build(ctx, req)
	if err != nil {
		return Registered{}, err
	}
	for attempt := range maxAttempts {
		err := r.Store.CreateAccount(ctx, creation.with(account))
		if err == nil {
			return shown, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Registered{}, apperr.Dependency(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return Registered{}, err
		}
		if creation, err = r.admit(ctx, req); err != nil {
			return Registered{}, err
		}
	}
	return Registered{}, apperr.Unavailable(ErrConflict)
}

// check reads the input without asking the store. The error's code is InvalidRequest.
func (r *Registrar) check(in RegisterInput) (request, error) {
	username, err := Canonical(in.Username)
	if err != nil {
		return request{}, err
	}
	plain, err := prepare(in.Password, username, r.Strength)
	if err != nil {
		return request{}, err
	}
	req := request{username: username, password: plain, role: policy.Consumer, address: in.Address}
	if in.Role != nil {
		var ok bool
		if req.role, ok = policy.ParseRole(*in.Role); !ok {
			return request{}, errRole()
		}
	}
	if in.Invitation != nil {
		if len(in.Invitation.Reveal()) > MaxCodeLength {
			return request{}, apperr.New(apperr.InvalidRequest, "The invitation must have at most 128 bytes.")
		}
		req.invitationHash = invitationHash(*in.Invitation)
	}
	return req, nil
}

// admitted is what a registration may do as things stand: whom it replaces and which invitation it uses up.
type admitted struct {
	replaces            *Account
	uses                string
	invitationHash      string
	invitationExpiresAt int64
}

func (a admitted) with(account Account) Creation {
	account.InvitationHash, account.InvitationExpiresAt = a.invitationHash, a.invitationExpiresAt
	return Creation{Account: account, Replaces: a.replaces, Uses: a.uses}
}

// admit applies the rules for roles and invitations, and after them those for names, to what the store says now.
func (r *Registrar) admit(ctx context.Context, req request) (admitted, error) {
	holder, taken, err := r.Store.Account(ctx, req.username)
	if err != nil {
		return admitted{}, apperr.Dependency(err)
	}
	now := r.Now().Unix()
	if taken && holder.madeWith(req, now) { // the answer was lost: for this one account the invitation is as good as new
		return admitted{
			replaces: &holder, invitationHash: holder.InvitationHash, invitationExpiresAt: holder.InvitationExpiresAt,
		}, nil
	}
	a, err := r.invited(ctx, req, now)
	if err != nil {
		return admitted{}, err
	}
	if taken {
		if lapsed := holder.Status == Pending && holder.CreatedAt+int64(pendingLife/time.Second) <= now; !lapsed {
			return admitted{}, apperr.New(apperr.UsernameTaken, "The username is taken. Choose another.")
		}
		a.replaces = &holder
	}
	return a, nil
}

// madeWith reports whether the account is pending and was made with the invitation that the request shows, for the same role.
func (a Account) madeWith(req request, now int64) bool {
	return req.invitationHash != "" && a.InvitationHash == req.invitationHash && a.InvitationExpiresAt > now &&
		a.Status == Pending && a.Role == req.role
}

// invited checks that the role is free or that the invitation is for it. An invitation that is shown must be right, whether
// or not the role needs one.
func (r *Registrar) invited(ctx context.Context, req request, now int64) (admitted, error) {
	if req.invitationHash == "" {
		if !slices.Contains(r.FreeRoles, req.role) {
			return admitted{}, apperr.Refuse(apperr.Forbidden,
				"This role needs an invitation. Ask an administrator for one.", "invitation_missing")
		}
		return admitted{}, nil
	}
	invitation, found, err := r.Store.Invitation(ctx, req.invitationHash)
	if err != nil {
		return admitted{}, apperr.Dependency(err)
	}
	if !found || invitation.Role != req.role || invitation.ExpiresAt <= now {
		return admitted{}, apperr.Refuse(apperr.Forbidden,
			"The invitation is not valid for this role. Ask an administrator for a new one.", "invitation_refused")
	}
	return admitted{uses: invitation.CodeHash, invitationHash: invitation.CodeHash, invitationExpiresAt: invitation.ExpiresAt}, nil
}

// build makes the account and its secrets. The list elsewhere is asked, and the expensive hash made, only after admit has let the request
// through.
func (r *Registrar) build(ctx context.Context, req request) (Account, Registered, error) {
	if err := refuseBreached(ctx, r.Breached, req.password); err != nil {
		return Account{}, Registered{}, err
	}
	hash, err := r.Hasher.Hash(req.password)
	if err != nil {
		return Account{}, Registered{}, err
	}
	now := r.Now()
	account := Account{
		Username: req.username, UserID: token.NewID(), Status: Pending, Role: req.role, PasswordHash: hash,
		Sessions: map[token.ID]SessionEntry{}, APITokens: map[token.ID]APITokenEntry{},
		CreatedAt: now.Unix(), LapsesAt: now.Add(lapseAfter).Unix(),
	}
	account.addPlace(req.address, now)
	shown, err := account.enrol(ctx, r.Sealer, r.Issuer)
	return account, shown, err
}

// sentence makes an error text of package password or otp into a problem's detail.
func sentence(err error) string { return "The " + err.Error() + "." }
