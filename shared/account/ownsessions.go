package account

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// Session is one of an account's sessions as people see it.
type Session struct {
	SessionEntry

	TokenID   token.ID
	RenewedAt int64 // Unix seconds: when it was given its present token; CreatedAt if that is its first
}

// LiveSessions returns the account's sessions that go on at now, the latest first. The error's code is ServiceUnavailable, or Corrupt: a
// record is damaged.
func LiveSessions(ctx context.Context, records session.Lister, a Account, now time.Time) ([]Session, error) {
	found, err := records.RecordsOf(ctx, a.UserID, slices.Collect(maps.Keys(a.Sessions)))
	if err != nil {
		return nil, apperr.Dependency(err)
	}
	live := []Session{}
	for _, record := range found {
		entry, listed := a.Sessions[record.TokenID]
		if !listed || record.ExpiresAt <= now.Unix() {
			continue
		}
		renewed := entry.CreatedAt
		if record.RenewedAt != 0 {
			renewed = record.RenewedAt / 1000
		}
		live = append(live, Session{SessionEntry: entry, TokenID: record.TokenID, RenewedAt: renewed})
	}
	slices.SortFunc(live, func(x, y Session) int {
		return cmp.Or(cmp.Compare(y.CreatedAt, x.CreatedAt), cmp.Compare(x.SessionID, y.SessionID))
	})
	return live, nil
}

// ListSessions returns the sessions of the caller's account that go on at now, the latest first. The error's code is Unauthenticated
// (there is no such account any more), ServiceUnavailable or Corrupt.
func ListSessions(ctx context.Context, accounts Reader, records session.Lister, caller session.Identity, now time.Time) ([]Session, error) {
	own, err := ownAccount(ctx, accounts, caller)
	if err != nil {
		return nil, err
	}
	return LiveSessions(ctx, records, own, now)
}

// EndSession ends the session of the caller's account with this session id, perhaps the caller's own: every request in it that starts
// after EndSession has returned nil is refused. The error's code is NotFound (the account has none such, whoever else may),
// Unauthenticated, ServiceUnavailable or Corrupt.
func EndSession(ctx context.Context, accounts Reader, sessions session.Ender, caller session.Identity, sessionID string) error {
	own, err := ownAccount(ctx, accounts, caller)
	if err != nil {
		return err
	}
	for id, entry := range own.Sessions {
		if entry.SessionID == sessionID {
			ended := session.Identity{Kind: token.Access, UserID: own.UserID, TokenID: id, SessionID: sessionID, Username: own.Username}
			return apperr.Dependency(sessions.EndSession(ctx, ended))
		}
	}
	return apperr.New(apperr.NotFound, "You have no session with this id. It may have ended.")
}

// EndOtherSessions ends all sessions of the caller's account but the caller's, at once, and voids the account's pending challenges: a
// sign-in that somebody else has half done is of no use. API tokens stay. It returns how many sessions were listed besides. The error's
// code is Unauthenticated (the caller's session has ended: of two sessions that end each other, one does), ServiceUnavailable or Corrupt.
func EndOtherSessions(ctx context.Context, accounts ChangeStore, caller session.Identity) (int, error) {
	for attempt := range maxAttempts {
		before, err := ownAccount(ctx, accounts, caller)
		if err != nil {
			return 0, err
		}
		kept, listed := before.Sessions[caller.TokenID]
		if !listed {
			return 0, errSessionEnded()
		}
		after := before
		after.Sessions = map[token.ID]SessionEntry{caller.TokenID: kept}
		after.SessionVersion++
		after.Revision++
		others := slices.DeleteFunc(slices.Collect(maps.Keys(before.Sessions)), func(id token.ID) bool { return id == caller.TokenID })
		err = accounts.ChangeAccount(ctx, Change{Before: &before, After: &after, Ended: others})
		if err == nil {
			return len(others), nil
		}
		if !errors.Is(err, ErrConflict) {
			return 0, apperr.Dependency(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return 0, err
		}
	}
	return 0, apperr.Unavailable(ErrConflict)
}

// ownAccount returns the account of a caller whom the authorizer let in. The error's code is Unauthenticated if it is gone since, and
// another may have its name.
func ownAccount(ctx context.Context, accounts Reader, caller session.Identity) (Account, error) {
	own, found, err := accounts.Account(ctx, caller.Username)
	switch {
	case err != nil:
		return Account{}, apperr.Dependency(err)
	case !found, own.UserID != caller.UserID:
		return Account{}, errSessionEnded()
	}
	return own, nil
}

// errSessionEnded refuses what is done in a session that has ended since the authorizer let the request in.
func errSessionEnded() error {
	return apperr.Refuse(apperr.Unauthenticated, "The session has ended. Sign in again.", "session_ended")
}
