package accounttest

import (
	"fmt"
	"maps"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

func directoryParts() []part {
	return []part{
		{"an account is found by its user id, and no other id's", testUsername},
		{"the pages of a list have every account once", testAccountPages},
		{"a list has the accounts that its filter lets through, and no others", testAccountFilters},
		{"the pages of a list have every invitation once that is good", testInvitationPages},
		{"a cursor is good for its own list alone", testForeignCursors},
		{"an invitation is withdrawn once, and only while it is good", testWithdraw},
		{"of many who withdraw an invitation or register with it at once one succeeds", testWithdrawAtOnce},
		{"the challenges of a user are deleted, and no other's", testDeleteChallenges},
		{"the token records of a user are deleted, and no other's", testDeleteTokens},
	}
}

func testUsername(t *testing.T, s Everything) {
	f := fixture{t, s}
	ada := f.create(newAccount("naïve.日本"))
	f.create(newAccount("bob"))
	if username, found, err := s.Username(t.Context(), ada.UserID); username != "naïve.日本" || !found || err != nil {
		t.Errorf("%q, %v, %v", username, found, err)
	}
	if username, found, err := s.Username(t.Context(), token.NewID()); username != "" || found || err != nil {
		t.Errorf("of an id that nobody has: %q, %v, %v", username, found, err)
	}
}

// collect reads all pages of a list, and returns how often each key was in one.
func collect[T any](t *testing.T, limit int, key func(T) string, read func(account.Page) ([]T, string, error)) map[string]int {
	t.Helper()
	seen, cursor := map[string]int{}, ""
	for pages := 0; ; pages++ {
		entries, next, err := read(account.Page{Limit: limit, Cursor: cursor})
		if err != nil || len(entries) > limit || pages > 100 {
			t.Fatalf("page %d: %d entries, %v", pages, len(entries), err)
		}
		for _, entry := range entries {
			seen[key(entry)]++
		}
		if cursor = next; cursor == "" {
			return seen
		}
	}
}

func username(a account.Listed) string { return a.Username }

func testAccountPages(t *testing.T, s Everything) {
	f := fixture{t, s}
	want := map[string]int{}
	for i := range 23 {
		name := fmt.Sprintf("naïve.%d", i)
		a := f.create(newAccount(name))
		want[name] = 1
		if i > 0 {
			continue
		}
		listed, next, err := s.Accounts(t.Context(), account.Filter{}, account.Page{Limit: 100})
		if err != nil || next != "" || len(listed) != 1 || listed[0] != a.Listed() {
			t.Errorf("%+v, %q, %v", listed, next, err)
		}
	}
	for _, limit := range []int{1, 7, 22, 23, 24, 100} {
		if got := collect(t, limit, username, func(page account.Page) ([]account.Listed, string, error) {
			return s.Accounts(t.Context(), account.Filter{}, page)
		}); !maps.Equal(got, want) {
			t.Errorf("by %d: %v", limit, got)
		}
	}
}

func testAccountFilters(t *testing.T, s Everything) {
	f := fixture{t, s}
	for i := range 18 {
		a := newAccount(fmt.Sprintf("ada.%d", i))
		a.Role = policy.Roles()[i%3]
		a.Status = []account.Status{account.Pending, account.Active, account.Disabled}[i/3%3]
		f.create(a)
	}
	admin, consumer := policy.Admin, policy.Consumer
	for name, test := range map[string]struct {
		filter account.Filter
		want   int
	}{
		"a role": {account.Filter{Role: &admin}, 6}, "a status": {account.Filter{Status: account.Pending}, 6},
		"both": {account.Filter{Role: &consumer, Status: account.Disabled}, 2},
	} {
		for _, limit := range []int{1, 2, 4, 100} {
			got := collect(t, limit, username, func(page account.Page) ([]account.Listed, string, error) {
				listed, next, err := s.Accounts(t.Context(), test.filter, page)
				for _, a := range listed {
					if !test.filter.Matches(a) {
						t.Errorf("%s: %+v", name, a)
					}
				}
				return listed, next, err
			})
			if len(got) != test.want {
				t.Errorf("%s by %d: %v", name, limit, got)
			}
		}
	}
}

func testInvitationPages(t *testing.T, s Everything) {
	f := fixture{t, s}
	want := map[string]int{}
	for i := range 17 {
		invitation := newInvitation()
		if invitation.ExpiresAt = now + int64(i%2); i%2 == 1 {
			want[invitation.CodeHash] = 1
		}
		if err := f.AddInvitation(t.Context(), invitation); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{1, 3, 8, 100} {
		got := collect(t, limit, func(i account.Invitation) string { return i.CodeHash }, func(page account.Page) ([]account.Invitation, string, error) {
			return s.Invitations(t.Context(), now, page)
		})
		if !maps.Equal(got, want) {
			t.Errorf("by %d: %v, want %v", limit, got, want)
		}
	}
}

func testForeignCursors(t *testing.T, s Everything) {
	f := fixture{t, s}
	for i := range 3 {
		f.create(newAccount(fmt.Sprintf("ada.%d", i)))
	}
	_, cursor, err := s.Accounts(t.Context(), account.Filter{}, account.Page{Limit: 1})
	if err != nil || cursor == "" {
		t.Fatalf("%q, %v", cursor, err)
	}
	if _, _, err := s.Invitations(t.Context(), now, account.Page{Limit: 1, Cursor: cursor}); apperr.CodeOf(err) != apperr.InvalidRequest {
		t.Errorf("of another list: %v", err)
	}
	admin := policy.Admin
	for name, filter := range map[string]account.Filter{"a role": {Role: &admin}, "a status": {Status: account.Active}} {
		if _, _, err := s.Accounts(t.Context(), filter, account.Page{Limit: 1, Cursor: cursor}); apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("of a list with %s: %v", name, err)
		}
	}
	for _, bad := range []string{"x", cursor + "A", cursor[1:], cursor[:len(cursor)-1], "!" + cursor[1:]} {
		if _, _, err := s.Accounts(t.Context(), account.Filter{}, account.Page{Limit: 1, Cursor: bad}); apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func testWithdraw(t *testing.T, s Everything) {
	f := fixture{t, s}
	one, other := f.addInvitation(), f.addInvitation()
	withdraw := func(hash string, at int64, want bool) {
		t.Helper()
		if got, err := s.WithdrawInvitation(t.Context(), hash, at); got != want || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	}
	withdraw(one.CodeHash, one.ExpiresAt, false)
	withdraw(token.NewID().String(), now, false)
	withdraw(one.CodeHash, now, true)
	withdraw(one.CodeHash, now, false)
	if f.hasInvitation(one.CodeHash) || !f.hasInvitation(other.CodeHash) {
		t.Error("not that one is gone, and that alone")
	}
}

func testWithdrawAtOnce(t *testing.T, s Everything) {
	f := fixture{t, s}
	for round := range 5 {
		invitation := f.addInvitation()
		if n := atOnce(t, 12, func(i int) error {
			if i%2 == 0 {
				return s.CreateAccount(t.Context(), account.Creation{Account: newAccount(fmt.Sprintf("ada.%d.%d", round, i)), Uses: invitation.CodeHash})
			}
			withdrawn, err := s.WithdrawInvitation(t.Context(), invitation.CodeHash, now)
			if err == nil && !withdrawn {
				return account.ErrConflict
			}
			return err
		}, account.ErrConflict); n != 1 {
			t.Errorf("%d succeeded", n)
		}
	}
}

func testDeleteChallenges(t *testing.T, s Everything) {
	f := fixture{t, s}
	ada, bob := f.create(newAccount("ada")), f.create(newAccount("bob"))
	mine := []account.Challenge{f.addChallenge(newChallenge(ada)), f.addChallenge(newChallenge(ada)), f.addChallenge(newChallenge(ada))}
	theirs := f.addChallenge(newChallenge(bob))
	for range 2 {
		if err := s.DeleteChallenges(t.Context(), ada.UserID); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range mine {
		if _, found := f.challenge(c.ID); found {
			t.Error("a challenge is left")
		}
	}
	if _, found := f.challenge(theirs.ID); !found {
		t.Error("another's challenge is gone")
	}
}

func testDeleteTokens(t *testing.T, s Everything) {
	f := fixture{t, s}
	ada, bob := f.create(newAccount("ada")), f.create(newAccount("bob"))
	mine, theirs := []token.ID{f.signIn("ada"), f.signIn("ada")}, f.signIn("bob")
	for range 2 {
		if err := s.DeleteTokens(t.Context(), ada.UserID); err != nil {
			t.Fatal(err)
		}
	}
	if f.hasRecord(ada.UserID, mine[0]) || f.hasRecord(ada.UserID, mine[1]) {
		t.Error("a record is left")
	}
	if !f.hasRecord(bob.UserID, theirs) {
		t.Error("another's record is gone")
	}
}
