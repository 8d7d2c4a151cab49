package accounttest

import (
	"context"
	"maps"

	"sallyport/shared/account"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
)

// AddAPIToken implements account.APITokenStore.
func (s *Store) AddAPIToken(ctx context.Context, addition account.APITokenAddition) error {
	return s.Write(ctx, "AddAPIToken", func() (err error) {
		s.Step(func(records map[sessiontest.Key]session.Record) { err = s.addAPIToken(records, addition) })
		return err
	})
}

func (s *Store) addAPIToken(records map[sessiontest.Key]session.Record, in account.APITokenAddition) error {
	before := in.Before
	if _, alive := records[sessiontest.Key{UserID: before.UserID, TokenID: in.By}]; !alive {
		return account.ErrSessionEnded
	}
	a, found := s.accounts[before.Username]
	_, listed := a.Sessions[in.By]
	key := sessiontest.Key{UserID: in.Record.UserID, TokenID: in.Record.TokenID}
	_, taken := records[key]
	switch {
	case !found, a.UserID != before.UserID, a.Revision != before.Revision, a.Status != account.Active, a.Role != before.Role, !listed, taken:
		return account.ErrConflict
	}
	records[key] = sessiontest.Clone(in.Record)
	a.APITokens = maps.Clone(clone(in.After).APITokens)
	a.Revision++
	s.accounts[a.Username] = a
	return nil
}
