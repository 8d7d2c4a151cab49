package audittest

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/audit"
)

// Store is what the contract is about. Its Reader's clock shows Now().
type Store interface {
	audit.Trail
	audit.Reader
	audit.Eraser
}

// Now is when the contract's events are read: they were in the days before.
func Now() time.Time { return time.Date(2026, 11, 26, 0, 30, 0, 0, time.UTC) }

// TestStore checks that what newStore returns, empty each time, keeps the contract.
func TestStore(t *testing.T, newStore func(t *testing.T) Store) {
	for name, check := range map[string]func(*testing.T, Store){
		"An event comes back whole":                            comesBackWhole,
		"Pages have every event once, the newest first":        pages,
		"Events are found by account, by actor and by time":    finds,
		"A cursor is good for its query alone":                 cursorsAreBound,
		"A recurring event is kept once":                       keepsOnce,
		"Forgetting takes an account's addresses and no other": forgets,
		"Forgetting a great many goes on call by call":         forgetsMany,
	} {
		t.Run(name, func(t *testing.T) { check(t, newStore(t)) })
	}
}

func add(t *testing.T, store Store, events ...audit.Event) {
	t.Helper()
	for _, event := range events {
		if event.Action == "" {
			event.Action, event.Outcome = "login", audit.Succeeded
		}
		if err := store.Record(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
}

// all returns what a query gives, in pages of its limit.
func all(t *testing.T, store Store, query audit.Query) (events []audit.Event) {
	t.Helper()
	if query.To == 0 {
		query.To = math.MaxInt32
	}
	if query.Limit == 0 {
		query.Limit = 100
	}
	for range 1000 {
		page, err := store.Events(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) > query.Limit {
			t.Fatalf("a page of %d events has %d", query.Limit, len(page.Events))
		}
		events = append(events, page.Events...)
		if page.Next == "" {
			return events
		}
		query.Cursor = page.Next
	}
	t.Fatal("the pages have no end")
	return nil
}

func comesBackWhole(t *testing.T, store Store) {
	event := audit.Event{
		Action: "change_account", Outcome: audit.Refused, Reason: "oneself", Detail: "role=ADMIN", At: Now().Add(-time.Hour), ActorID: "actor",
		AccountID: "account", SessionID: "session", TokenID: "token", Target: "target", Address: "192.0.2.1", RequestID: "request", InvocationID: "invocation",
	}
	least := audit.Event{Action: "login", Outcome: audit.Throttled, At: Now().Add(-time.Minute)}
	add(t, store, event, least)
	got := all(t, store, audit.Query{})
	least.AccountID = audit.Nobody
	if len(got) != 2 || got[0].ID == "" || got[0].ID <= got[1].ID {
		t.Fatalf("%+v", got)
	}
	for i := range got {
		got[i].ID = ""
	}
	if got[0] != least || got[1] != event {
		t.Errorf("%+v, want\n%+v, %+v", got, least, event)
	}
}

// spread are events of one account, days apart and at the same millisecond, the newest first; among them are others'.
func spread(t *testing.T, store Store) (details []string) {
	t.Helper()
	for i, ago := range []time.Duration{
		0, time.Second, time.Hour, time.Hour, time.Hour, 31 * time.Minute, 24 * time.Hour, 49 * time.Hour, 50 * 24 * time.Hour, 51 * 24 * time.Hour, 200 * 24 * time.Hour,
	} {
		detail := fmt.Sprint(i)
		add(t, store, audit.Event{AccountID: "mine", Detail: detail, At: Now().Add(-ago)}, audit.Event{AccountID: "other", Detail: "other", At: Now().Add(-ago)})
		details = append(details, detail)
	}
	return details
}

func pages(t *testing.T, store Store) {
	want := spread(t, store)
	for _, accountID := range []string{"", "mine"} {
		for _, limit := range []int{1, 2, 3, 100} {
			got := all(t, store, audit.Query{AccountID: accountID, Limit: limit})
			if !slices.IsSortedFunc(got, func(a, b audit.Event) int { return b.At.Compare(a.At) }) {
				t.Errorf("%q, %d a page: not the newest first: %+v", accountID, limit, got)
			}
			var details []string
			for _, event := range got {
				if event.AccountID == "mine" {
					details = append(details, event.Detail)
				}
			}
			slices.Sort(details)
			if sorted := slices.Sorted(slices.Values(want)); !slices.Equal(details, sorted) || accountID == "" && len(got) != 2*len(want) {
				t.Errorf("%q, %d a page: %v of %d, want %v", accountID, limit, details, len(got), sorted)
			}
		}
	}
}

func finds(t *testing.T, store Store) {
	at := func(second int64) time.Time { return time.Unix(second, 999_000_000) }
	const second = 1795600000
	add(t, store,
		audit.Event{Detail: "of b by a", AccountID: "b", ActorID: "a", At: at(second)},
		audit.Event{Detail: "of a by a", AccountID: "a", ActorID: "a", At: at(second + 1)},
		audit.Event{Detail: "of b by nobody known", AccountID: "b", At: at(second + 2)},
		audit.Event{Detail: "of nobody by a", ActorID: "a", At: at(second + 3)},
		audit.Event{Detail: "of nobody by nobody", At: at(second + 4)},
	)
	for name, test := range map[string]struct {
		query audit.Query
		want  []string
	}{
		"an account":     {audit.Query{AccountID: "b"}, []string{"of b by nobody known", "of b by a"}},
		"no account":     {audit.Query{AccountID: audit.Nobody}, []string{"of nobody by nobody", "of nobody by a"}},
		"an actor":       {audit.Query{ActorID: "a"}, []string{"of nobody by a", "of b by a"}},
		"an unknown one": {audit.Query{AccountID: "c"}, nil},
		"one second":     {audit.Query{From: second + 1, To: second + 1}, []string{"of a by a"}},
		"from":           {audit.Query{From: second + 3}, []string{"of nobody by nobody", "of nobody by a"}},
		"to":             {audit.Query{To: second + 1}, []string{"of a by a", "of b by a"}},
		"both":           {audit.Query{AccountID: "b", From: second, To: second + 1}, []string{"of b by a"}},
		"by an actor":    {audit.Query{ActorID: "a", From: second + 1, To: second + 3}, []string{"of nobody by a"}},
		"backwards":      {audit.Query{From: second + 3, To: second + 1}, nil},
		"before all":     {audit.Query{To: second - 1}, nil},
		"in the future":  {audit.Query{From: 4_000_000_000, To: 5_000_000_000}, nil},
	} {
		var got []string
		for _, event := range all(t, store, test.query) {
			got = append(got, event.Detail)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func cursorsAreBound(t *testing.T, store Store) {
	spread(t, store)
	page, err := store.Events(t.Context(), audit.Query{AccountID: "mine", To: math.MaxInt32, Limit: 1})
	if err != nil || page.Next == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	for name, query := range map[string]audit.Query{
		"another account": {AccountID: "other"},
		"an actor":        {ActorID: "mine"},
		"all":             {},
	} {
		query.Cursor, query.To, query.Limit = page.Next, math.MaxInt32, 1
		if got, err := store.Events(t.Context(), query); apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if got, err := store.Events(t.Context(), audit.Query{AccountID: "mine", To: math.MaxInt32, Limit: 1, Cursor: "made up"}); apperr.CodeOf(err) != apperr.InvalidRequest {
		t.Errorf("made up: %+v, %v", got, err)
	}
}

func keepsOnce(t *testing.T, store Store) {
	event := audit.Event{Action: "authorize", Outcome: audit.Refused, Reason: "role_not_allowed", AccountID: "a", Address: "192.0.2.1", At: Now().Add(-30 * time.Second), Recurring: true}
	for range 20 {
		add(t, store, event)
		event.Address, event.At = "192.0.2.2", event.At.Add(time.Second)
	}
	got := all(t, store, audit.Query{AccountID: "a"})
	if len(got) != 1 || got[0].Address != "192.0.2.1" || !got[0].At.Equal(Now().Add(-time.Minute)) {
		t.Errorf("%+v", got)
	}
}

// forget calls until it is done, and returns how often.
func forget(t *testing.T, store Store, accountID string) (calls int) {
	t.Helper()
	for calls = 1; calls <= 20; calls++ {
		done, err := store.Forget(t.Context(), accountID)
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return calls
		}
	}
	t.Fatal("forgetting has no end")
	return 0
}

func forgets(t *testing.T, store Store) {
	const address = "192.0.2.1"
	add(t, store,
		audit.Event{Detail: "forgotten", AccountID: "a", ActorID: "a", Address: address, At: Now().Add(-time.Hour)},
		audit.Event{Detail: "forgotten", AccountID: "a", Address: address, At: Now().Add(-2 * time.Hour)},
		audit.Event{Detail: "forgotten", AccountID: "b", ActorID: "a", Address: address, At: Now().Add(-3 * time.Hour)},
		audit.Event{Detail: "kept", AccountID: "b", ActorID: "b", Address: address, At: Now().Add(-4 * time.Hour)},
		audit.Event{Detail: "kept", Address: address, At: Now().Add(-5 * time.Hour)},
	)
	before := all(t, store, audit.Query{})
	forget(t, store, "a")
	forget(t, store, "nobody")
	after := all(t, store, audit.Query{})
	if len(after) != 5 {
		t.Fatalf("%d events are left", len(after))
	}
	for i, event := range after {
		if forgotten := event.Detail == "forgotten"; (event.Address == "") != forgotten {
			t.Errorf("%s: %+v", event.Detail, event)
		}
		event.Address = before[i].Address
		if event != before[i] {
			t.Errorf("more has changed than the address: %+v, before %+v", event, before[i])
		}
	}
}

func forgetsMany(t *testing.T, store Store) {
	for i := range 130 {
		add(t, store, audit.Event{AccountID: "a", Address: "192.0.2.1", At: Now().Add(-time.Duration(i) * time.Second)})
	}
	if calls := forget(t, store, "a"); calls < 2 {
		t.Errorf("one call did it all: it is not bounded")
	}
	for _, event := range all(t, store, audit.Query{AccountID: "a"}) {
		if event.Address != "" {
			t.Fatalf("%+v", event)
		}
	}
}
