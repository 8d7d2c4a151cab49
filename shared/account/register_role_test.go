package account_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
)

func TestARoleIsGivenOnlyByTheRules(t *testing.T) {
	for _, tc := range []struct {
		name       string
		free       []policy.Role
		role       string // none: not given
		invitation policy.Role
		want       policy.Role
	}{
		{"no role is CONSUMER", []policy.Role{policy.Consumer}, none, 0, policy.Consumer},
		{"a free role", []policy.Role{policy.Consumer}, "CONSUMER", 0, policy.Consumer},
		{"another free role", []policy.Role{policy.Consumer, policy.Developer}, "DEVELOPER", 0, policy.Developer},
		{"ADMIN by invitation", []policy.Role{policy.Consumer}, "ADMIN", policy.Admin, policy.Admin},
		{"CONSUMER by invitation, where no role is free", nil, none, policy.Consumer, policy.Consumer},
		{"a free role by invitation, which is used up", []policy.Role{policy.Consumer}, "CONSUMER", policy.Consumer, policy.Consumer},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			w.registrar.FreeRoles = tc.free
			in := input("alice")
			if tc.role != none {
				in.Role = &tc.role
			}
			if tc.invitation != 0 {
				in.Invitation = ptr(secret.New(w.invite(t, tc.invitation)))
			}
			if answer := w.register(t, in); answer.Role != tc.want || w.account(t, "alice").Role != tc.want {
				t.Errorf("registered as %v, stored as %v", answer.Role, w.account(t, "alice").Role)
			}
			if n := len(w.store.Snapshot().Invitations); n != 0 {
				t.Errorf("%d invitations are left", n)
			}
		})
	}
}

// refusal is a registration that must be refused, before the name "alice", which is taken, is looked at or after.
type refusal struct {
	name string
	in   func(invitation string) account.RegisterInput // the invitation is a good one for ADMIN
	code apperr.Code
}

func refusals() []refusal {
	const free = "bob"
	with := func(change func(in *account.RegisterInput)) func(string) account.RegisterInput {
		return func(invitation string) account.RegisterInput {
			in := invited(free, "ADMIN", invitation)
			change(&in)
			return in
		}
	}
	as := func(username, role, invitation string) func(string) account.RegisterInput {
		return func(string) account.RegisterInput { return invited(username, role, invitation) }
	}
	return []refusal{
		{"an impossible name", with(func(in *account.RegisterInput) { in.Username = "al ice" }), apperr.InvalidRequest},
		{"no name", with(func(in *account.RegisterInput) { in.Username = "" }), apperr.InvalidRequest},
		{"no password", with(func(in *account.RegisterInput) { in.Password = secret.Text{} }), apperr.InvalidRequest},
		{"a short password", with(func(in *account.RegisterInput) { in.Password = secret.New("h0rsebt") }), apperr.InvalidRequest},
		{"a long password", with(func(in *account.RegisterInput) { in.Password = secret.New(strings.Repeat("x7", 65)) }), apperr.InvalidRequest},
		{"a common password", with(func(in *account.RegisterInput) { in.Password = secret.New("password1") }), apperr.InvalidRequest},
		{"the username as password", with(func(in *account.RegisterInput) {
			in.Username, in.Password = "bob.the.builder", secret.New("Bob.The.Builder")
		}), apperr.InvalidRequest},
		{"an unknown role", with(func(in *account.RegisterInput) { in.Role = ptr("ROOT") }), apperr.InvalidRequest},
		{"an empty role", with(func(in *account.RegisterInput) { in.Role = ptr("") }), apperr.InvalidRequest},
		{"a role in lower case", with(func(in *account.RegisterInput) { in.Role = ptr("admin") }), apperr.InvalidRequest},
		{"a role with a space", with(func(in *account.RegisterInput) { in.Role = ptr("ADMIN ") }), apperr.InvalidRequest},
		{"an invitation of 129 bytes", as(free, "ADMIN", strings.Repeat("x", 129)), apperr.InvalidRequest},

		{"no invitation", with(func(in *account.RegisterInput) { in.Invitation = nil }), apperr.Forbidden},
		{"an empty invitation", as(free, "ADMIN", ""), apperr.Forbidden},
		{"an unknown invitation", as(free, "ADMIN", "JBSWY3DPEHPK3PXPJBSWY3DPEH"), apperr.Forbidden},
		{"an unknown invitation of 128 bytes", as(free, "ADMIN", strings.Repeat("x", 128)), apperr.Forbidden},
		{"an unknown invitation that is no text", as(free, "ADMIN", "\xff\x00"), apperr.Forbidden},
		{"an unknown invitation for a free role", as(free, "CONSUMER", "JBSWY3DPEHPK3PXPJBSWY3DPEH"), apperr.Forbidden},
		{"an invitation for another role", with(func(in *account.RegisterInput) { in.Role = ptr("DEVELOPER") }), apperr.Forbidden},
		{"an invitation for another role than a free one", with(func(in *account.RegisterInput) { in.Role = ptr("CONSUMER") }), apperr.Forbidden},
		{"an invitation for another role than the default", with(func(in *account.RegisterInput) { in.Role = nil }), apperr.Forbidden},
		{"an invitation in lower case", func(i string) account.RegisterInput {
			return invited(free, "ADMIN", strings.ToLower(i))
		}, apperr.Forbidden},

		{"a taken name", as("alice", "CONSUMER", none), apperr.UsernameTaken},
		{"a taken name with a good invitation", func(i string) account.RegisterInput { return invited("alice", "ADMIN", i) }, apperr.UsernameTaken},
		{"a taken name in upper case", func(i string) account.RegisterInput { return invited("ALICE", "ADMIN", i) }, apperr.UsernameTaken},
		{"a taken name in full width", func(i string) account.RegisterInput { return invited("ａｌｉｃｅ", "ADMIN", i) }, apperr.UsernameTaken},

		{"400 before 403", as("al ice", "ADMIN", "wrong"), apperr.InvalidRequest},
		{"400 before 409", with(func(in *account.RegisterInput) {
			in.Username, in.Password = "alice", secret.New("password1")
		}), apperr.InvalidRequest},
		{"403 before 409", as("alice", "ADMIN", "wrong"), apperr.Forbidden},
		{"403 for no invitation before 409", with(func(in *account.RegisterInput) {
			in.Username, in.Invitation = "alice", nil
		}), apperr.Forbidden},
	}
}

// none in place of an invitation stands for none.
const none = "none"

func TestARefusedRegistrationStoresNothingUsesNothingUpAndCostsNoHash(t *testing.T) {
	w := newWorld(t)
	w.person(t, "alice")
	invitation := w.invite(t, policy.Admin)
	before := w.stored()
	for _, tc := range refusals() {
		t.Run(tc.name, func(t *testing.T) {
			in := tc.in(invitation)
			if in.Invitation != nil && in.Invitation.Reveal() == none {
				in.Invitation = nil
			}
			if n := hashes(t, func() {
				answer, err := w.registrar.Register(t.Context(), in)
				refused(t, err, tc.code)
				if !reflect.DeepEqual(answer, account.Registered{}) {
					t.Error("refused, and yet there are secrets")
				}
			}); n != 0 {
				t.Errorf("it took %d hashes", n)
			}
			if after := w.stored(); !reflect.DeepEqual(after, before) {
				t.Errorf("stored: %+v", after)
			}
		})
	}
}

func TestAnInvitationIsGoodUntilTheSecondItExpires(t *testing.T) {
	for _, tc := range []struct {
		name string
		at   time.Time
		ok   bool
	}{
		{"in its last second", noon.Add(time.Hour - time.Nanosecond), true},
		{"when it expires, its row still there", noon.Add(time.Hour), false},
		{"days later, its row still there", noon.Add(72 * time.Hour), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			invitation := w.invite(t, policy.Admin)
			w.clock.Set(tc.at)
			_, err := w.registrar.Register(t.Context(), invited("alice", "ADMIN", invitation))
			if !tc.ok {
				refused(t, err, apperr.Forbidden)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnInvitationIsGoodOnce(t *testing.T) {
	w := newWorld(t)
	invitation := w.invite(t, policy.Admin)
	w.register(t, invited("alice", "ADMIN", invitation))
	_, err := w.registrar.Register(t.Context(), invited("bob", "ADMIN", invitation))
	refused(t, err, apperr.Forbidden)
	if n := len(w.store.Snapshot().Accounts); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

// From outside, an invitation that never was, one that is used and one for another role look the same.
func TestARefusalDoesNotTellWhatIsWrongWithAnInvitation(t *testing.T) {
	w := newWorld(t)
	used, expired, other := w.invite(t, policy.Admin), w.invite(t, policy.Admin), w.invite(t, policy.Developer)
	w.register(t, invited("alice", "ADMIN", used))
	details := map[string]bool{}
	for _, invitation := range []string{used, other, "unknown"} {
		_, err := w.registrar.Register(t.Context(), invited("bob", "ADMIN", invitation))
		details[refused(t, err, apperr.Forbidden).Detail] = true
	}
	w.clock.Advance(time.Hour)
	_, err := w.registrar.Register(t.Context(), invited("bob", "ADMIN", expired))
	details[refused(t, err, apperr.Forbidden).Detail] = true
	if len(details) != 1 {
		t.Errorf("there are differences: %v", details)
	}
}
