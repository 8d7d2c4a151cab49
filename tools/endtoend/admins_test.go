package endtoend_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"sallyport/tools/endtoend"
)

// turn is one ADMIN's attempt on another.
type turn struct {
	by, of int
	deed   string // "demote", "disable" or "remove"
}

// attempt has one ADMIN do something to another.
func (c caller) attempt(token, userID, deed string) (endtoend.Response, error) {
	method, body := http.MethodPatch, any(map[string]string{"role": "DEVELOPER"})
	switch deed {
	case "disable":
		body = map[string]string{"status": "disabled"}
	case "remove":
		method, body = http.MethodDelete, nil
	}
	return c.Do(c.t.Context(), method, "/accounts/"+userID, body, "Authorization", "Bearer "+token)
}

// standing is what has become of some ADMINs, a bit each.
type standing struct{ demoted, disabled, removed uint }

// beginsRemoval is the first half of a removal that is answered with success: the account is disabled before its rows go, and others
// may see it in between.
const beginsRemoval = "begin to remove"

// adminsModel is what ADMINs promise each other, as if one thing happened after the other: who has been demoted, disabled or removed changes
// nothing any more. That something is so already may be told to whomever the authorizer had let in. A removal that is refused half way has
// disabled the account all the same, or not.
func adminsModel() porcupine.Model {
	model := porcupine.NondeterministicModel{
		Init: func() []any { return []any{standing{}} },
		Step: func(state, input, output any) []any {
			s, t := state.(standing), input.(turn)
			by, of := uint(1)<<t.by, uint(1)<<t.of
			rules, there, already, next := (s.demoted|s.disabled|s.removed)&by == 0, s.removed&of == 0, false, s
			switch t.deed {
			case "demote":
				already, next.demoted = s.demoted&of != 0, s.demoted|of
			case "disable", beginsRemoval:
				already, next.disabled = s.disabled&of != 0, s.disabled|of
			case "remove":
				next.removed = s.removed | of
			}
			possible := false
			switch output.(int) {
			case http.StatusOK, http.StatusNoContent:
				possible = there && (rules || already)
			case http.StatusNotFound:
				possible, next = !there, s
			case http.StatusUnauthorized, http.StatusForbidden:
				if possible, next = !rules, s; possible && t.deed == "remove" {
					half := s
					half.disabled |= of
					return []any{s, half}
				}
			}
			if !possible {
				return nil
			}
			return []any{next}
		},
	}
	return model.ToModel()
}

func TestAdminsWhoTurnOnEachOtherAtOnceLeaveOne(t *testing.T) {
	const rounds, admins = 6, 3
	c := calling(t, shared.Client)
	watching := c.admin(shared)
	deeds := []string{"demote", "disable", "remove"}
	for round := range rounds {
		var users []*endtoend.User
		var tokens []string
		for range admins {
			user, token := c.member(shared, "ADMIN")
			users, tokens = append(users, user), append(tokens, token)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		var history []porcupine.Operation
		began, start := time.Now(), make(chan struct{})
		for by := range admins {
			for of := range admins {
				if by == of {
					continue
				}
				deed := deeds[rand.IntN(len(deeds))]
				all.Go(func() {
					<-start
					for range 2 { // the second after the answer to the first
						asked := int64(time.Since(began))
						got, err := c.attempt(tokens[by], users[of].UserID, deed)
						if err != nil {
							t.Error(err)
							return
						}
						done := porcupine.Operation{
							ClientId: by*admins + of, Input: turn{by, of, deed}, Call: asked, Output: got.Status, Return: int64(time.Since(began)),
						}
						mu.Lock()
						history = append(history, done)
						if deed == "remove" && got.Status == http.StatusNoContent {
							done.Input, done.Output = turn{by, of, beginsRemoval}, http.StatusOK
							history = append(history, done)
						}
						mu.Unlock()
					}
				})
			}
		}
		close(start)
		all.Wait()
		if result := porcupine.CheckOperationsTimeout(adminsModel(), history, time.Minute); result != porcupine.Ok {
			t.Errorf("round %d: %s: no order of these keeps what ADMINs promise each other: %v", round, result, history)
		}
		left := 0
		for i, user := range users {
			got := c.get("/accounts/"+user.UserID, watching)
			rules := got.Status == 200 && got.Text("role") == "ADMIN" && got.Text("status") == "active"
			if rules {
				left++
			}
			if in := c.get("/admin_resource", tokens[i]).Status == 200; in != rules {
				t.Errorf("round %d: one who is an active ADMIN: %v, is let in: %v", round, rules, in)
			}
		}
		if left != 1 {
			t.Errorf("round %d: %d active ADMINs are left: %v", round, left, history)
		}
	}
}

func TestTheCheckerFindsWhatAdminsMustNotDo(t *testing.T) {
	type at struct {
		asked, answered int64
		turn            turn
		status          int
	}
	for name, test := range map[string]struct {
		history []at
		ok      bool
	}{
		"one after the other":          {[]at{{0, 1, turn{0, 1, "demote"}, 200}, {2, 3, turn{1, 0, "demote"}, 401}}, true},
		"the fallen goes on":           {[]at{{0, 1, turn{0, 1, "demote"}, 200}, {2, 3, turn{1, 0, "demote"}, 200}}, false},
		"both at once":                 {[]at{{0, 3, turn{0, 1, "remove"}, 204}, {1, 2, turn{1, 0, "disable"}, 200}}, false},
		"one at once":                  {[]at{{0, 3, turn{0, 1, "remove"}, 204}, {1, 2, turn{1, 0, "disable"}, 403}}, true},
		"so already, told too late":    {[]at{{0, 1, turn{2, 1, "disable"}, 200}, {0, 3, turn{0, 1, "disable"}, 200}, {0, 1, turn{1, 0, "demote"}, 200}}, true},
		"changed too late":             {[]at{{0, 1, turn{2, 0, "disable"}, 200}, {2, 3, turn{0, 1, "disable"}, 200}}, false},
		"refused without a reason":     {[]at{{0, 1, turn{0, 1, "demote"}, 403}}, false},
		"half a removal":               {[]at{{0, 9, turn{0, 1, "remove"}, 401}, {1, 2, turn{2, 0, "demote"}, 200}, {10, 11, turn{1, 2, "demote"}, 401}}, true},
		"so already by a removal":      {[]at{{0, 9, turn{2, 1, "remove"}, 204}, {0, 9, turn{2, 1, beginsRemoval}, 200}, {1, 2, turn{1, 0, "demote"}, 200}, {1, 5, turn{0, 1, "disable"}, 200}}, true},
		"gone, and gone again":         {[]at{{0, 1, turn{0, 1, "remove"}, 204}, {2, 3, turn{2, 1, "demote"}, 404}}, true},
		"gone, and changed":            {[]at{{0, 1, turn{0, 1, "remove"}, 204}, {2, 3, turn{2, 1, "demote"}, 200}}, false},
		"an answer that means a fault": {[]at{{0, 1, turn{0, 1, "remove"}, 503}}, false},
	} {
		var history []porcupine.Operation
		for client, o := range test.history {
			history = append(history, porcupine.Operation{ClientId: client, Input: o.turn, Call: o.asked, Output: o.status, Return: o.answered})
		}
		if porcupine.CheckOperations(adminsModel(), history) != test.ok {
			t.Errorf("%s: the checker says %v", name, !test.ok)
		}
	}
}

// String says who did what to whom.
func (t turn) String() string { return fmt.Sprintf("%d would %s %d", t.by, t.deed, t.of) }
