package accounttest

import (
	"context"

	"sallyport/shared/account"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
)

// ChangeCredentials implements account.CredentialStore.
func (s *Store) ChangeCredentials(ctx context.Context, change account.CredentialChange) error {
	return s.Write(ctx, "ChangeCredentials", func() (err error) {
		s.Step(func(records map[sessiontest.Key]session.Record) { err = s.changeCredentials(records, change) })
		return err
	})
}

func (s *Store) changeCredentials(records map[sessiontest.Key]session.Record, change account.CredentialChange) error {
	before, after := change.Before, clone(change.After)
	if _, lives := records[sessiontest.Key{UserID: before.UserID, TokenID: change.Session}]; !lives {
		return account.ErrSessionEnded
	}
	a, found := s.accounts[before.Username]
	_, listed := a.Sessions[change.Session]
	_, there := usedUp(a, before, after)
	if !found || !listed || !there || a.UserID != before.UserID || a.Revision != before.Revision || a.Status != account.Active {
		return account.ErrConflict
	}
	for _, id := range change.Ended {
		delete(records, sessiontest.Key{UserID: a.UserID, TokenID: id})
	}
	a.PasswordHash, a.SealedTOTPSecret, a.LastTOTPStep, a.RecoveryCodes = after.PasswordHash, after.SealedTOTPSecret, after.LastTOTPStep, after.RecoveryCodes
	a.EnrollingTOTPSecret, a.EnrollingExpiresAt = after.EnrollingTOTPSecret, after.EnrollingExpiresAt
	a.Sessions, a.APITokens, a.SessionVersion = after.Sessions, after.APITokens, after.SessionVersion
	a.Revision++
	s.accounts[a.Username] = a
	return nil
}

// ReplaceAuthenticator implements account.ReenrolStore.
func (s *Store) ReplaceAuthenticator(ctx context.Context, before, after account.Account) error {
	return s.Write(ctx, "ReplaceAuthenticator", func() (err error) {
		s.step(func() {
			a, found := s.accounts[before.Username]
			if !found || a.UserID != before.UserID || a.Revision != before.Revision || a.Status == account.Disabled ||
				a.EnrolmentHash == "" || a.EnrolmentHash != before.EnrolmentHash {
				err = account.ErrConflict
				return
			}
			after = clone(after)
			a.SealedTOTPSecret, a.LastTOTPStep, a.RecoveryCodes = after.SealedTOTPSecret, after.LastTOTPStep, after.RecoveryCodes
			a.SessionVersion = after.SessionVersion
			a.Revision++
			s.accounts[a.Username] = a
		})
		return err
	})
}
