package account_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/policy"
)

func TestAnInvitationLivesFrom60SecondsToSevenDays(t *testing.T) {
	for _, tc := range []struct {
		name      string
		expiresIn *int64
		want      int64 // 0: refused
	}{
		{"a day unless told", nil, 86_400},
		{"the least", ptr(int64(60)), 60},
		{"the most", ptr(int64(604_800)), 604_800},
		{"too little", ptr(int64(59)), 0},
		{"too much", ptr(int64(604_801)), 0},
		{"nothing", ptr(int64(0)), 0},
		{"less than nothing", ptr(int64(-86_400)), 0},
		{"the least number", ptr(int64(math.MinInt64)), 0},
		{"the greatest number", ptr(int64(math.MaxInt64)), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			code, invitation, err := w.inviter.Invite(t.Context(), "alice", "DEVELOPER", tc.expiresIn)
			stored := w.store.Snapshot().Invitations
			if tc.want == 0 {
				refused(t, err, apperr.InvalidRequest)
				if len(stored) != 0 || code.Reveal() != "" {
					t.Error("refused, and yet there is one")
				}
				return
			}
			want := account.Invitation{
				CodeHash: invitation.CodeHash, Role: policy.Developer, MadeBy: "alice", ExpiresAt: noon.Unix() + tc.want,
			}
			if err != nil || invitation != want || stored[invitation.CodeHash] != want || len(stored) != 1 {
				t.Errorf("got %+v, %v, stored %+v", invitation, err, stored)
			}
		})
	}
}

func TestAnInvitationIsForOneOfTheRoles(t *testing.T) {
	w := newWorld(t)
	for _, role := range []string{"", "admin", "ROOT", "ADMIN ", "1"} {
		_, _, err := w.inviter.Invite(t.Context(), "alice", role, nil)
		refused(t, err, apperr.InvalidRequest)
	}
	if n := len(w.store.Snapshot().Invitations); n != 0 {
		t.Errorf("%d invitations are stored", n)
	}
}

func TestAnInvitationsCodeIsUnguessableAndStoredNowhere(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	for range 1000 {
		code, invitation, err := w.inviter.Invite(t.Context(), "alice", "ADMIN", nil)
		if err != nil {
			t.Fatal(err)
		}
		text := code.Reveal()
		if seen[text] || len(text) < 26 || len(text) > account.MaxCodeLength || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
			t.Fatalf("the code is %q", text) // 26 characters of base32 are 130 bits
		}
		seen[text] = true
		if strings.Contains(fmt.Sprintf("%+v", invitation), text) || invitation.CodeHash != account.InvitationHash(text) {
			t.Fatalf("the invitation is %+v", invitation)
		}
	}
	everything := fmt.Sprintf("%+v", w.store.Snapshot()) + w.log.String()
	for text := range seen {
		if strings.Contains(everything, text) {
			t.Fatal("a code is stored")
		}
	}
}

func TestAnInvitationThatCannotBeStoredIsNotGivenOut(t *testing.T) {
	w := newWorld(t)
	w.store.Before("AddInvitation", faults.Always(errDown))
	code, invitation, err := w.inviter.Invite(t.Context(), "alice", "ADMIN", nil)
	refused(t, err, apperr.ServiceUnavailable)
	if code.Reveal() != "" || invitation != (account.Invitation{}) {
		t.Error("it is")
	}
}
