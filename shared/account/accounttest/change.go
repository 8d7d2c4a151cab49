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
	of := change.Of()
	holder, taken := s.accounts[of.Username]
	if before := change.Before; before == nil && taken || before != nil && (!taken ||
		holder.UserID != before.UserID || holder.Revision != before.Revision) {
		return account.ErrConflict
	}
	for _, id := range change.Ended {
		delete(records, sessiontest.Key{UserID: of.UserID, TokenID: id})
	}
	if change.After == nil {
		delete(s.accounts, of.Username)
		return nil
	}
	s.accounts[of.Username] = clone(*change.After)
	return nil
}
