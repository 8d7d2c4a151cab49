package account_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/policy"
)

// meet is a hook that lets no call pass before n of them have come.
func meet(n int) faults.Hook {
	var all sync.WaitGroup
	all.Add(n)
	return func(_ context.Context, nth int) error {
		if nth <= n {
			all.Done()
			all.Wait()
		}
		return nil
	}
}

func TestOfTwoRegistrationsOfOneNameAtOnceOneWins(t *testing.T) {
	w := newWorld(t)
	invitations := []string{w.invite(t, policy.Admin), w.invite(t, policy.Admin)}
	w.store.Before("CreateAccount", meet(2)) // both have read that the name is free
	answers := make([]account.Registered, 2)
	errs := atOnce(2, func(i int) (err error) {
		answers[i], err = w.registrar.Register(t.Context(), invited("alice", "ADMIN", invitations[i]))
		return err
	})
	if got, want := codes(errs), (map[apperr.Code]int{"": 1, apperr.UsernameTaken: 1}); !maps.Equal(got, want) {
		t.Fatalf("they get %v: %v", got, errs)
	}
	for i, err := range errs {
		hash := account.InvitationHash(invitations[i])
		_, left := w.store.Snapshot().Invitations[hash]
		if won := err == nil; left == won {
			t.Errorf("won: %v, and its invitation is left: %v", won, left)
		}
		if err == nil && w.account(t, "alice").UserID != answers[i].UserID {
			t.Error("the account is not the winner's")
		}
	}
}

func TestOfTwoRegistrationsWithOneInvitationAtOnceOneWins(t *testing.T) {
	w := newWorld(t)
	invitation := w.invite(t, policy.Admin)
	w.store.Before("CreateAccount", meet(2))
	names := []string{"alice", "bob"}
	errs := atOnce(2, func(i int) error {
		_, err := w.registrar.Register(t.Context(), invited(names[i], "ADMIN", invitation))
		return err
	})
	if got, want := codes(errs), (map[apperr.Code]int{"": 1, apperr.Forbidden: 1}); !maps.Equal(got, want) {
		t.Fatalf("they get %v: %v", got, errs)
	}
	after := w.store.Snapshot()
	for i, err := range errs {
		if _, there := after.Accounts[names[i]]; there != (err == nil) {
			t.Errorf("%s: %v, and the account is there: %v", names[i], err, there)
		}
	}
}

// A form that is sent twice at once gives two answers. The invitation that made the account may replace it, so both are good
// when they are given; the account is the later one's.
func TestOneInvitationForOneNameTwiceAtOnceMakesOneAccount(t *testing.T) {
	w := newWorld(t)
	invitation := w.invite(t, policy.Admin)
	w.store.Before("CreateAccount", meet(2))
	answers := make([]account.Registered, 2)
	errs := atOnce(2, func(i int) (err error) {
		answers[i], err = w.registrar.Register(t.Context(), invited("alice", "ADMIN", invitation))
		return err
	})
	if errs[0] != nil || errs[1] != nil {
		t.Fatal(errs)
	}
	after := w.store.Snapshot()
	if id := after.Accounts["alice"].UserID; len(after.Accounts) != 1 || len(after.Invitations) != 0 || id != answers[0].UserID && id != answers[1].UserID {
		t.Errorf("stored: %+v", after)
	}
}

func TestTwoReplacementsOfAPendingAccountAtOnceMakeOne(t *testing.T) {
	w := newWorld(t)
	w.pending(t, false)
	w.clock.Advance(24 * time.Hour)
	w.store.Before("CreateAccount", meet(2))
	errs := atOnce(2, func(int) error {
		_, err := w.registrar.Register(t.Context(), input("alice"))
		return err
	})
	if got, want := codes(errs), (map[apperr.Code]int{"": 1, apperr.UsernameTaken: 1}); !maps.Equal(got, want) {
		t.Errorf("they get %v: %v", got, errs)
	}
}

func TestAPendingAccountThatBecomesActiveMeanwhileIsNotReplaced(t *testing.T) {
	w := newWorld(t)
	p, code := w.pending(t, true)
	w.store.Before("CreateAccount", once(func() {
		w.signIn(t, p)
	}))
	_, err := w.registrar.Register(t.Context(), invited("alice", "ADMIN", code))
	refused(t, err, apperr.Forbidden)
	if a := w.account(t, "alice"); a.UserID != p.userID || a.Status != account.Active {
		t.Errorf("it is %+v", a)
	}
}

func TestARegistrationOutlastsFiveConflicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // so that pauses take no time
		w := newWorld(t)
		w.store.Before("CreateAccount", faults.First(5, account.ErrConflict))
		var answer account.Registered
		if n := hashes(t, func() { answer = w.register(t, input("alice")) }); n != 1 {
			t.Errorf("it took %d hashes", n)
		}
		if w.account(t, "alice").UserID != answer.UserID || w.store.Calls("Account") != 6 || w.store.Calls("CreateAccount") != 6 {
			t.Errorf("reads %d, writes %d", w.store.Calls("Account"), w.store.Calls("CreateAccount"))
		}
	})
}

func TestEndlessConflictsEndARegistrationUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		invitation := w.invite(t, policy.Admin)
		before := w.stored()
		w.store.Before("CreateAccount", faults.Always(account.ErrConflict))
		_, err := w.registrar.Register(t.Context(), invited("alice", "ADMIN", invitation))
		refused(t, err, apperr.ServiceUnavailable)
		if !errors.Is(err, account.ErrConflict) || w.store.Calls("CreateAccount") != 6 || !reflect.DeepEqual(w.stored(), before) {
			t.Errorf("%v after %d writes", err, w.store.Calls("CreateAccount"))
		}
		w.uncounted(t)
	})
}

func TestADependencyThatFailsEndsARegistrationUndone(t *testing.T) {
	for _, tc := range []struct {
		name    string
		breakIt func(w *world)
		hashes  int
	}{
		{"requests cannot be counted", func(w *world) { w.store.Before("CountFailure", faults.Always(errDown)) }, 0},
		{"accounts cannot be read", func(w *world) { w.store.Before("Account", faults.Always(errDown)) }, 0},
		{"invitations cannot be read", func(w *world) { w.store.Before("Invitation", faults.Always(errDown)) }, 0},
		{"KMS is down", func(w *world) { w.secrets.Before("SealSecret", faults.Always(errDown)) }, 1},
		{"KMS refuses", func(w *world) { w.secrets.Before("SealSecret", faults.Always(apperr.Unavailable(errDown))) }, 1},
		{"accounts cannot be written", func(w *world) { w.store.Before("CreateAccount", faults.Always(errDown)) }, 1},
		{"accounts cannot be read again after a conflict", func(w *world) {
			w.store.Before("CreateAccount", faults.Always(account.ErrConflict))
			w.store.Before("Account", faults.Nth(2, errDown))
		}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			invitation := w.invite(t, policy.Admin)
			before := w.stored()
			tc.breakIt(w)
			if n := hashes(t, func() {
				_, err := w.registrar.Register(t.Context(), invited("alice", "ADMIN", invitation))
				refused(t, err, apperr.ServiceUnavailable)
				if !errors.Is(err, errDown) {
					t.Errorf("the cause is lost: %v", err)
				}
			}); n != tc.hashes {
				t.Errorf("it took %d hashes", n)
			}
			if !reflect.DeepEqual(w.stored(), before) {
				t.Error("something has changed")
			}
			w.uncounted(t)
		})
	}
}

func TestADependencyThatHangsEndsARegistrationInTimeUndone(t *testing.T) {
	for _, method := range []string{"CountFailure", "Account", "Invitation", "SealSecret", "CreateAccount"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				invitation := w.invite(t, policy.Admin)
				before := w.stored()
				w.store.Before(method, faults.Hang)
				w.secrets.Before(method, faults.Hang)
				ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
				defer cancel()
				_, err := w.registrar.Register(ctx, invited("alice", "ADMIN", invitation))
				refused(t, err, apperr.ServiceUnavailable)
				if !reflect.DeepEqual(w.stored(), before) {
					t.Error("something has changed")
				}
				w.uncounted(t)
			})
		})
	}
}

// A registration whose answer was lost is no dead end: the invitation that made the account may make it again.
func TestALostAnswerStrandsNobody(t *testing.T) {
	w := newWorld(t)
	invitation := w.invite(t, policy.Admin)
	w.store.After("CreateAccount", faults.Nth(1, errDown))
	_, err := w.registrar.Register(t.Context(), invited("alice", "ADMIN", invitation))
	refused(t, err, apperr.ServiceUnavailable)
	answer := w.register(t, invited("alice", "ADMIN", invitation))
	if w.account(t, "alice").UserID != answer.UserID {
		t.Error("the account is not the second one")
	}
}
