package accounttest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

// Username implements account.Finder.
func (s *Store) Username(ctx context.Context, userID token.ID) (username string, found bool, err error) {
	err = s.Read(ctx, "Username", func() error {
		s.step(func() {
			for name, a := range s.accounts {
				if a.UserID == userID {
					username, found = name, true
				}
			}
		})
		return nil
	})
	return username, found, err
}

// Accounts implements account.DirectoryStore.
func (s *Store) Accounts(ctx context.Context, filter account.Filter, page account.Page) (listed []account.Listed, next string, err error) {
	err = s.Read(ctx, "Accounts", func() error {
		var all []account.Listed
		s.step(func() {
			for _, a := range s.accounts {
				if filter.Matches(a.Listed()) {
					all = append(all, a.Listed())
				}
			}
		})
		query := "accounts"
		if filter.Role != nil {
			query += " of " + filter.Role.String()
		}
		listed, next, err = cut(all, func(a account.Listed) string { return a.Username }, query+" "+string(filter.Status), page)
		return err
	})
	return listed, next, err
}

// Invitations implements account.InvitationStore.
func (s *Store) Invitations(ctx context.Context, now int64, page account.Page) (invitations []account.Invitation, next string, err error) {
	err = s.Read(ctx, "Invitations", func() error {
		var all []account.Invitation
		s.step(func() { all = slices.Collect(maps.Values(s.invitations)) })
		all = slices.DeleteFunc(all, func(i account.Invitation) bool { return i.ExpiresAt <= now })
		invitations, next, err = cut(all, func(i account.Invitation) string { return i.CodeHash }, "invitations", page)
		return err
	})
	return invitations, next, err
}

// WithdrawInvitation implements account.InvitationStore.
func (s *Store) WithdrawInvitation(ctx context.Context, codeHash string, now int64) (withdrawn bool, err error) {
	err = s.Write(ctx, "WithdrawInvitation", func() error {
		s.step(func() {
			if invitation, there := s.invitations[codeHash]; there && invitation.ExpiresAt > now {
				delete(s.invitations, codeHash)
				withdrawn = true
			}
		})
		return nil
	})
	return withdrawn, err
}

// DeleteChallenges implements account.EraseStore.
func (s *Store) DeleteChallenges(ctx context.Context, userID token.ID) error {
	return s.Write(ctx, "DeleteChallenges", func() error {
		s.step(func() {
			maps.DeleteFunc(s.challenges, func(_ string, c account.Challenge) bool { return c.UserID == userID })
		})
		return nil
	})
}

// DeleteTokens implements account.EraseStore.
func (s *Store) DeleteTokens(ctx context.Context, userID token.ID) error {
	return s.Write(ctx, "DeleteTokens", func() error {
		s.Step(func(records map[sessiontest.Key]session.Record) {
			maps.DeleteFunc(records, func(_ sessiontest.Key, r session.Record) bool { return r.UserID == userID })
		})
		return nil
	})
}

// cut returns a page of a list. A cursor is a digest of the query, and the key of the page's last entry in hexadecimal digits.
func cut[T any](all []T, key func(T) string, query string, page account.Page) (entries []T, next string, err error) {
	slices.SortFunc(all, func(x, y T) int { return cmp.Compare(key(x), key(y)) })
	digest := fmt.Sprintf("%x.", sha256.Sum256([]byte(query)))
	after := ""
	if page.Cursor != "" {
		rest, ours := strings.CutPrefix(page.Cursor, digest)
		last, err := hex.DecodeString(rest)
		if !ours || err != nil {
			return nil, "", apperr.New(apperr.InvalidRequest, "The cursor is not one that this route gave. Begin again without it.")
		}
		after = string(last)
	}
	all = slices.DeleteFunc(all, func(entry T) bool { return key(entry) <= after })
	if len(all) <= page.Limit {
		return all, "", nil
	}
	all = all[:page.Limit]
	return all, digest + hex.EncodeToString([]byte(key(all[len(all)-1]))), nil
}
