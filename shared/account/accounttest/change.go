package accounttest

import (
	"context"

	"sallyport/shared/account"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
)

// ChangeAccount implements account.ChangeStore.
func (s *Store) ChangeAccount(ctx context.Context, change account.Change) error {
	return s.Write(ctx, "ChangeAccount", func() (err error) {
		s.Step(func(records map[sessiontest.Key]session.Record) { err = s.change(records, change) })
		return err
	})
}

func (s *Store) change(records map[sessiontest.Key]session.Record, change account.Change) error {
	if err := s.mayChange(records, change.By); err != nil {
		return err
	}
	of := change.Of()
	holder, taken := s.accounts[of.Username]
	if before := change.Before; before == nil && taken || before != nil && (!taken ||
		holder.UserID != before.UserID || holder.Revision != before.Revision) {
		return account.ErrConflict
	}
	for _, id := range change.Ended {
		delete(records, sessiontest.Key{UserID: of.UserID, TokenID: id})
	}
	for _, subject := range change.Forgets {
		delete(s.throttles, subject)
	}
	if change.After == nil {
		delete(s.accounts, of.Username)
		return nil
	}
	s.accounts[of.Username] = clone(*change.After)
	return nil
}

// mayChange is change.By's condition.
func (s *Store) mayChange(records map[sessiontest.Key]session.Record, by *account.Actor) error {
	if by == nil {
		return nil
	}
	if _, signedIn := records[sessiontest.Key{UserID: by.UserID, TokenID: by.TokenID}]; !signedIn {
		return account.ErrSessionEnded
	}
	if actor, found := s.accounts[by.Username]; !found || actor.UserID != by.UserID || !actor.IsActiveAdmin() {
		return account.ErrNotAdmin
	}
	return nil
}
