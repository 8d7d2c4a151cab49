package accounttest

import (
	"context"

	"sallyport/shared/account"
)

// Account implements account.Reader.
func (s *Store) Account(ctx context.Context, username string) (a account.Account, found bool, err error) {
	err = s.Read(ctx, "Account", func() error {
		s.step(func() {
			if a, found = s.accounts[username]; found {
				a = clone(a)
			}
		})
		return nil
	})
	return a, found, err
}

// Invitation implements account.RegistrationStore.
func (s *Store) Invitation(ctx context.Context, codeHash string) (i account.Invitation, found bool, err error) {
	err = s.Read(ctx, "Invitation", func() error {
		s.step(func() { i, found = s.invitations[codeHash] })
		return nil
	})
	return i, found, err
}

// AddInvitation implements account.InvitationAdder.
func (s *Store) AddInvitation(ctx context.Context, invitation account.Invitation) error {
	return s.Write(ctx, "AddInvitation", func() error {
		s.PutInvitation(invitation)
		return nil
	})
}

// CreateAccount implements account.RegistrationStore.
func (s *Store) CreateAccount(ctx context.Context, creation account.Creation) error {
	return s.Write(ctx, "CreateAccount", func() (err error) {
		s.step(func() { err = s.create(creation) })
		return err
	})
}

func (s *Store) create(creation account.Creation) error {
	holder, taken := s.accounts[creation.Account.Username]
	if replaces := creation.Replaces; replaces == nil && taken || replaces != nil && (!taken ||
		holder.UserID != replaces.UserID || holder.Revision != replaces.Revision || holder.Status != account.Pending) {
		return account.ErrConflict
	}
	if creation.Uses != "" {
		if _, there := s.invitations[creation.Uses]; !there {
			return account.ErrConflict
		}
		delete(s.invitations, creation.Uses)
	}
	s.accounts[creation.Account.Username] = clone(creation.Account)
	return nil
}
