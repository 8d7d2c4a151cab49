package account_test

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/session/sessiontest"
)

// board is ADMINs who may do anything to each other, beside a model of what they are.
type board struct {
	*office
	members []*member
}

type member struct {
	account.Actor
	role     policy.Role
	status   account.Status // empty: removed
	signedIn bool
}

func (m *member) rules() bool {
	return m.signedIn && m.status == account.Active && m.role == policy.Admin
}

func newBoard() *board {
	b := &board{office: newOffice()}
	for _, name := range []string{"ada", "bob", "cyd", "dan"} {
		b.members = append(b.members, &member{b.join(name, policy.Admin), policy.Admin, account.Active, true})
	}
	return b
}

// apply is what a deed does to the model.
func (m *member) apply(deed string) {
	switch deed {
	case "demote":
		if m.role == policy.Consumer {
			return
		}
		m.role = policy.Consumer
	case "disable":
		m.status = account.Disabled
	case "erase":
		m.status = ""
	}
	m.signedIn = false
}

func (b *board) act(t *rapid.T) {
	by, of := rapid.SampledFrom(b.members).Draw(t, "by"), rapid.SampledFrom(b.members).Draw(t, "of")
	deeds := b.deeds()
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(deeds))).Draw(t, "deed")
	err := deeds[name](t.Context(), by.Actor, of.UserID)
	switch already := name == "demote" && of.role == policy.Consumer || name == "disable" && of.status == account.Disabled; {
	case by == of && name != "end sessions":
		refused(t, err, apperr.Forbidden)
	case of.status == "":
		refused(t, err, apperr.NotFound)
	case already: // it is so: nothing is changed, whoever asks
		if err != nil {
			t.Fatal(err)
		}
	case !by.signedIn:
		refused(t, err, apperr.Unauthenticated)
	case !by.rules():
		refused(t, err, apperr.Forbidden)
	case err != nil:
		t.Fatalf("%s by an ADMIN: %v", name, err)
	default:
		of.apply(name)
	}
}

// signIn begins a session of whoever has none, and could.
func (b *board) signIn(t *rapid.T) {
	m := rapid.SampledFrom(b.members).Draw(t, "who")
	if m.signedIn || m.status != account.Active {
		return
	}
	record := sessiontest.NewRecord()
	record.UserID, record.Username, record.Role = m.UserID, m.Username, m.role
	b.store.Add(record)
	b.store.EditAccount(m.Username, func(a *account.Account) {
		a.Sessions[record.TokenID] = account.SessionEntry{SessionID: record.SessionID}
	})
	m.TokenID, m.signedIn = record.TokenID, true
}

// check holds the store against the model, and the model against the promise.
func (b *board) check(t *rapid.T) {
	left := 0
	for _, m := range b.members {
		got, found := b.store.Snapshot().Accounts[m.Username]
		if found != (m.status != "") || found && (got.Role != m.role || got.Status != m.status || (len(got.Sessions) > 0) != m.signedIn) {
			t.Fatalf("%s is %+v, want %+v", m.Username, got, m)
		}
		if m.status == account.Active && m.role == policy.Admin {
			left++
		}
	}
	if left == 0 {
		t.Fatal("no active ADMIN is left")
	}
}

func TestWhateverAdminsDoToEachOtherOneIsLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBoard()
		t.Repeat(map[string]func(*rapid.T){"act": b.act, "sign in": b.signIn, "": b.check})
	})
}

func TestWhateverAdminsDoToEachOtherAtOnceOneIsLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBoard()
		deeds := b.deeds()
		names := []string{"demote", "disable", "erase"}
		var all sync.WaitGroup
		start := make(chan struct{})
		for _, by := range b.members {
			for _, of := range b.members {
				deed := deeds[rapid.SampledFrom(names).Draw(t, "deed")]
				all.Go(func() {
					<-start
					switch err := deed(t.Context(), by.Actor, of.UserID); apperr.CodeOf(err) {
					case "", apperr.Forbidden, apperr.Unauthenticated, apperr.NotFound:
					default:
						t.Errorf("%v", err)
					}
				})
			}
		}
		close(start)
		all.Wait()
		left := 0
		for _, a := range b.store.Snapshot().Accounts {
			if a.IsActiveAdmin() {
				left++
			}
		}
		if left != 1 {
			t.Fatalf("%d active ADMINs are left", left)
		}
	})
}
