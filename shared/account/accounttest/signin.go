package accounttest

import (
	"context"
	"slices"

	"sallyport/shared/account"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
)

// AddChallenge implements account.BeginStore.
func (s *Store) AddChallenge(ctx context.Context, challenge account.Challenge) error {
	return s.Write(ctx, "AddChallenge", func() error {
		s.PutChallenge(challenge)
		return nil
	})
}

// ReplacePasswordHash implements account.BeginStore.
func (s *Store) ReplacePasswordHash(ctx context.Context, read account.Account, hash string) error {
	return s.Write(ctx, "ReplacePasswordHash", func() (err error) {
		s.step(func() {
			a, found := s.accounts[read.Username]
			if !found || a.UserID != read.UserID || a.Revision != read.Revision {
				err = account.ErrConflict
				return
			}
			a.PasswordHash = hash
			a.Revision++
			s.accounts[a.Username] = a
		})
		return err
	})
}

// Challenge implements account.FinishStore.
func (s *Store) Challenge(ctx context.Context, id string) (c account.Challenge, found bool, err error) {
	err = s.Read(ctx, "Challenge", func() error {
		s.step(func() { c, found = s.challenges[id] })
		return nil
	})
	return c, found, err
}

// CountAttempt implements account.FinishStore.
func (s *Store) CountAttempt(ctx context.Context, id string, limit int, now int64) (counted bool, err error) {
	err = s.Write(ctx, "CountAttempt", func() error {
		s.step(func() {
			c, found := s.challenges[id]
			if found && c.Attempts < limit && c.ExpiresAt > now {
				c.Attempts++
				s.challenges[id], counted = c, true
			}
		})
		return nil
	})
	return counted, err
}

// FinishSignIn implements account.FinishStore.
func (s *Store) FinishSignIn(ctx context.Context, completion account.Completion) error {
	return s.Write(ctx, "FinishSignIn", func() (err error) {
		s.Step(func(records map[sessiontest.Key]session.Record) { err = s.finish(records, completion) })
		return err
	})
}

func (s *Store) finish(records map[sessiontest.Key]session.Record, c account.Completion) error {
	if _, there := s.challenges[c.Challenge.ID]; !there {
		return account.ErrChallengeGone
	}
	a, found := s.accounts[c.Before.Username]
	key := sessiontest.Key{UserID: c.Record.UserID, TokenID: c.Record.TokenID}
	_, taken := records[key]
	switch {
	case !found, a.UserID != c.Challenge.UserID, a.SessionVersion != c.Challenge.SessionVersion, a.Revision != c.Before.Revision,
		a.Status != account.Active && a.Status != account.Pending, !unused(a, c), taken:
		return account.ErrConflict
	}
	delete(s.challenges, c.Challenge.ID)
	record := c.Record
	record.Sealed = slices.Clone(record.Sealed)
	records[key] = record
	for _, id := range c.Evicted {
		delete(records, sessiontest.Key{UserID: c.Record.UserID, TokenID: id})
	}
	after := clone(c.After)
	a.Status, a.LastTOTPStep, a.RecoveryCodes, a.Sessions = after.Status, after.LastTOTPStep, after.RecoveryCodes, after.Sessions
	a.Places, a.LapsesAt = after.Places, 0
	a.EnrolmentHash, a.EnrolmentExpiresAt = "", 0
	a.Revision++
	s.accounts[a.Username] = a
	return nil
}

// unused reports whether what the completion uses up, a recovery code or a time step, is still there to be used.
func unused(a account.Account, c account.Completion) bool {
	used, there := usedUp(a, c.Before, c.After)
	return there && (used || a.LastTOTPStep < c.After.LastTOTPStep)
}

// usedUp reports whether after has fewer recovery codes than before, and whether those that it has not are still there.
func usedUp(a, before, after account.Account) (used, there bool) {
	for _, code := range before.RecoveryCodes {
		if !slices.Contains(after.RecoveryCodes, code) {
			used = true
			if !slices.Contains(a.RecoveryCodes, code) {
				return true, false
			}
		}
	}
	return used, true
}
