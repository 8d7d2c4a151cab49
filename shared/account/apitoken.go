package account

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// How long an API token may be good for, at most session.MaxAPITokenLife, and for how many routes by name.
const (
	MinAPITokenLife     = time.Minute
	DefaultAPITokenLife = 30 * 24 * time.Hour
	MaxAPITokenRoutes   = 20
)

// APITokenStore is what making API tokens needs of a store. Errors other than ErrConflict and ErrSessionEnded mean that it could not answer,
// or, with code apperr.Corrupt, that a row is damaged.
type APITokenStore interface {
	Reader

	// AddAPIToken does all of the addition, or nothing. ErrSessionEnded and ErrConflict say why nothing.
	AddAPIToken(ctx context.Context, addition APITokenAddition) error
}

// APITokenAddition is a new API token, in one transaction: it stores the record, and writes the account's API tokens.
type APITokenAddition struct {
	Before Account  // as read: its revision and role must still hold, and it must be active
	By     token.ID // the token id of the session in which it is made: it must be listed and have its record
	After  Account
	Record session.Record
}

// APIToken is one of an account's API tokens as people see it.
type APIToken struct {
	APITokenEntry

	TokenID token.ID
}

// APITokenInput is what a caller asks for.
type APITokenInput struct {
	Name      string         // 1 to MaxLabelLength characters. Two tokens may be called the same: ids tell them apart
	ExpiresIn *int64         // seconds; nil: DefaultAPITokenLife
	Routes    []policy.Route // the only ones that it is to be good for; nil: all that API tokens of the role may call. Not empty
}

// APITokenMaker makes API tokens.
type APITokenMaker struct {
	Store  APITokenStore
	Issuer *session.Issuer
	Now    func() time.Time
}

// Make makes an API token for the caller's account, and returns its text, which is stored nowhere in clear. It is made in the caller's
// session: if that ends at the same moment, there is no token behind its back. The error's code is InvalidRequest, LimitReached,
// Forbidden (the caller is an API token: these make no others), Unauthenticated (the session has ended), ServiceUnavailable, after which
// the token may have been made all the same and is listed, or Corrupt.
func (m *APITokenMaker) Make(ctx context.Context, caller session.Identity, in APITokenInput) (secret.Text, APIToken, error) {
	if caller.Kind != token.Access {
		return secret.Text{}, APIToken{}, apperr.Refuse(apperr.Forbidden, "An API token makes no other. Sign in.", session.ReasonAPIToken)
	}
	life, err := in.check(caller.Role)
	if err != nil {
		return secret.Text{}, APIToken{}, err
	}
	for attempt := range maxAttempts {
		now := m.Now().Unix()
		before, err := ownAccount(ctx, m.Store, caller)
		if err != nil {
			return secret.Text{}, APIToken{}, err
		}
		if _, listed := before.Sessions[caller.TokenID]; !listed || before.Status != Active || before.Role != caller.Role {
			return secret.Text{}, APIToken{}, errSessionEnded()
		}
		after := before
		after.APITokens = maps.Clone(before.APITokens)
		maps.DeleteFunc(after.APITokens, func(_ token.ID, entry APITokenEntry) bool { return entry.ExpiresAt <= now })
		if len(after.APITokens) >= MaxAPITokens {
			return secret.Text{}, APIToken{}, apperr.New(apperr.LimitReached, "An account can have 25 API tokens. Revoke one that is no longer needed.")
		}
		holder := session.Holder{UserID: before.UserID, Username: before.Username, Role: before.Role}
		minted, record, err := m.Issuer.IssueAPIToken(ctx, holder, now+life, in.Routes)
		if err != nil {
			return secret.Text{}, APIToken{}, err
		}
		entry := APITokenEntry{Name: in.Name, CreatedAt: record.CreatedAt, ExpiresAt: record.ExpiresAt, Routes: in.Routes}
		if after.APITokens == nil {
			after.APITokens = map[token.ID]APITokenEntry{}
		}
		after.APITokens[record.TokenID] = entry
		switch err := m.Store.AddAPIToken(ctx, APITokenAddition{Before: before, By: caller.TokenID, After: after, Record: record}); {
		case err == nil:
			return minted, APIToken{APITokenEntry: entry, TokenID: record.TokenID}, nil
		case errors.Is(err, ErrSessionEnded):
			return secret.Text{}, APIToken{}, errSessionEnded()
		case !errors.Is(err, ErrConflict):
			return secret.Text{}, APIToken{}, apperr.Dependency(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return secret.Text{}, APIToken{}, err
		}
	}
	return secret.Text{}, APIToken{}, apperr.Unavailable(ErrConflict)
}

// check reads the input without asking the store, for a caller of the role, and returns the token's life in seconds. The error's code
// is InvalidRequest.
func (in APITokenInput) check(role policy.Role) (life int64, err error) {
	if err := checkLabel("name", in.Name); err != nil {
		return 0, err
	}
	life = int64(DefaultAPITokenLife / time.Second)
	if in.ExpiresIn != nil {
		life = *in.ExpiresIn
	}
	if life < int64(MinAPITokenLife/time.Second) || life > int64(session.MaxAPITokenLife/time.Second) {
		return 0, apperr.New(apperr.InvalidRequest, "expires_in must be from 60 to 7776000 seconds.")
	}
	// An empty list is refused, not read as "all": whoever sends one meant fewer routes.
	if in.Routes != nil && (len(in.Routes) == 0 || len(in.Routes) > MaxAPITokenRoutes) {
		return 0, apperr.New(apperr.InvalidRequest, "Name 1 to 20 routes, or leave routes out for all that API tokens of your role may call.")
	}
	for i, route := range in.Routes {
		if slices.Contains(in.Routes[:i], route) {
			return 0, apperr.New(apperr.InvalidRequest, "A route is named twice.")
		}
		// One answer for a route that there is not and for one that the role or an API token may not call.
		if !policy.Allows(policy.Bearer{Role: role, APIToken: true}, route) {
			return 0, apperr.New(apperr.InvalidRequest, "A route is not one that API tokens of your role may call. Spell its resource as in the documentation, as in /things/{id}.")
		}
	}
	return life, nil
}

// LiveAPITokens returns the account's API tokens that are good at now, the latest first.
func LiveAPITokens(a Account, now time.Time) []APIToken {
	live := []APIToken{}
	for id, entry := range a.APITokens {
		if entry.ExpiresAt > now.Unix() {
			live = append(live, APIToken{APITokenEntry: entry, TokenID: id})
		}
	}
	slices.SortFunc(live, func(x, y APIToken) int {
		return cmp.Or(cmp.Compare(y.CreatedAt, x.CreatedAt), cmp.Compare(x.TokenID.String(), y.TokenID.String()))
	})
	return live
}

// ListAPITokens returns the API tokens of the caller's account that are good at now, the latest first. The error's code is
// Unauthenticated, ServiceUnavailable or Corrupt.
func ListAPITokens(ctx context.Context, accounts Reader, caller session.Identity, now time.Time) ([]APIToken, error) {
	own, err := ownAccount(ctx, accounts, caller)
	if err != nil {
		return nil, err
	}
	return LiveAPITokens(own, now), nil
}

// RevokeAPIToken ends the API token of the caller's account with this id: every request with it that starts after RevokeAPIToken has
// returned nil is refused. The error's code is NotFound (the account has none such, whoever else may), Unauthenticated,
// ServiceUnavailable or Corrupt.
func RevokeAPIToken(ctx context.Context, accounts Reader, tokens session.Ender, caller session.Identity, tokenID string) error {
	own, err := ownAccount(ctx, accounts, caller)
	if err != nil {
		return err
	}
	id, ok := token.ParseID(tokenID)
	if _, listed := own.APITokens[id]; !ok || !listed {
		return apperr.New(apperr.NotFound, "You have no API token with this id. It may have been revoked, or have expired.")
	}
	ended := session.Identity{Kind: token.API, UserID: own.UserID, TokenID: id, SessionID: id.String(), Username: own.Username}
	return apperr.Dependency(tokens.EndSession(ctx, ended))
}
