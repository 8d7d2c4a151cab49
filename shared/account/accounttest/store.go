// Package accounttest has a memory store of everything that sign-in needs, and the contract that every such store keeps.
package accounttest

import (
	"bytes"
	"maps"
	"slices"

	"sallyport/shared/account"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

// Store is one database in memory: every store that package account asks for, and those of package session, over the same
// rows. It never mixes its own memory with a caller's. Each method can be made to fail by its name (package faults).
type Store struct {
	*sessiontest.Store

	// Guarded by sessiontest.Store.Step, so that records and accounts change in one step.
	accounts    map[string]account.Account
	challenges  map[string]account.Challenge
	invitations map[string]account.Invitation
	throttles   map[string]account.Throttle
}

// Everything is all that the stores of sign-in and sessions promise.
type Everything interface {
	account.RegistrationStore
	account.BeginStore
	account.FinishStore
	account.InvitationAdder
	account.ChangeStore
	account.DirectoryStore
	account.InvitationStore
	account.EraseStore
	account.CredentialStore
	account.ReenrolStore
	session.RecordStore
	session.RenewStore
	session.Ender
	session.Lister
	account.APITokenStore
}

var _ Everything = (*Store)(nil)

// NewStore returns an empty store.
func NewStore() *Store {
	s := &Store{
		accounts:    map[string]account.Account{},
		challenges:  map[string]account.Challenge{},
		invitations: map[string]account.Invitation{},
		throttles:   map[string]account.Throttle{},
	}
	s.Store = sessiontest.NewStore(s.strikeOff)
	return s
}

// strikeOff is the account's half of ending a session.
func (s *Store) strikeOff(identity session.Identity) {
	a, found := s.accounts[identity.Username]
	if !found || a.UserID != identity.UserID {
		return
	}
	a = clone(a)
	listed := len(a.Tokens())
	if identity.Kind == token.API {
		delete(a.APITokens, identity.TokenID)
	} else {
		delete(a.Sessions, identity.TokenID)
	}
	if len(a.Tokens()) != listed {
		a.Revision++
		s.accounts[identity.Username] = a
	}
}

// step is one atomic step that leaves the records alone.
func (s *Store) step(do func()) {
	s.Step(func(map[sessiontest.Key]session.Record) { do() })
}

// clone returns a copy that shares no memory with a. As from DynamoDB, neither the maps nor the list is nil.
func clone(a account.Account) account.Account {
	a.SealedTOTPSecret = bytes.Clone(a.SealedTOTPSecret)
	a.RecoveryCodes = append([]string{}, a.RecoveryCodes...)
	sessions := make(map[token.ID]account.SessionEntry, len(a.Sessions))
	maps.Copy(sessions, a.Sessions)
	a.Sessions = sessions
	tokens := make(map[token.ID]account.APITokenEntry, len(a.APITokens))
	for id, entry := range a.APITokens {
		entry.Routes = slices.Clone(entry.Routes)
		tokens[id] = entry
	}
	a.APITokens = tokens
	places := make(map[string]int64, len(a.Places))
	maps.Copy(places, a.Places)
	a.Places = places
	if a.Status != account.Pending {
		a.LapsesAt = 0 // as from DynamoDB, where nothing else is ever written with one
	}
	a.EnrollingTOTPSecret = bytes.Clone(a.EnrollingTOTPSecret)
	return a
}

// Snapshot is everything that a Store holds, for tests to look at.
type Snapshot struct {
	Accounts    map[string]account.Account
	Challenges  map[string]account.Challenge
	Invitations map[string]account.Invitation
	Throttles   map[string]account.Throttle
	Records     map[sessiontest.Key]session.Record
}

// Snapshot returns a copy of everything, as of one moment. It counts as no call.
func (s *Store) Snapshot() (all Snapshot) {
	s.Step(func(records map[sessiontest.Key]session.Record) {
		all = Snapshot{
			Accounts: map[string]account.Account{}, Challenges: maps.Clone(s.challenges),
			Invitations: maps.Clone(s.invitations), Throttles: maps.Clone(s.throttles),
			Records: map[sessiontest.Key]session.Record{},
		}
		for name, a := range s.accounts {
			all.Accounts[name] = clone(a)
		}
		for key, record := range records {
			record.Sealed = slices.Clone(record.Sealed)
			all.Records[key] = record
		}
	})
	return all
}

// PutAccount stores an account as it is, whatever is there. It counts as no call.
func (s *Store) PutAccount(a account.Account) {
	s.step(func() { s.accounts[a.Username] = clone(a) })
}

// EditAccount changes an account in one step, and raises its revision, as every write does. It does nothing to one that is
// not there. It counts as no call.
func (s *Store) EditAccount(username string, edit func(*account.Account)) {
	s.step(func() {
		if a, found := s.accounts[username]; found {
			a = clone(a)
			edit(&a)
			a.Revision++
			s.accounts[username] = a
		}
	})
}

// RemoveAccount deletes an account. It counts as no call.
func (s *Store) RemoveAccount(username string) {
	s.step(func() { delete(s.accounts, username) })
}

// PutChallenge stores a challenge as it is, whatever is there. It counts as no call.
func (s *Store) PutChallenge(c account.Challenge) {
	s.step(func() { s.challenges[c.ID] = c })
}

// RemoveChallenge deletes a challenge. It counts as no call.
func (s *Store) RemoveChallenge(id string) {
	s.step(func() { delete(s.challenges, id) })
}

// PutInvitation stores an invitation as it is, whatever is there. It counts as no call.
func (s *Store) PutInvitation(i account.Invitation) {
	s.step(func() { s.invitations[i.CodeHash] = i })
}

// PutThrottle stores a throttle as it is, whatever is there. It counts as no call.
func (s *Store) PutThrottle(subject string, row account.Throttle) {
	s.step(func() { s.throttles[subject] = row })
}
