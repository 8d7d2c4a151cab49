// Package audittest has a trail in memory for tests, and the contract that it and the one in DynamoDB keep.
package audittest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sallyport/shared/apperr"
	"sallyport/shared/audit"
)

// Trail keeps events in memory. It is safe for concurrent use. The zero Trail is empty.
type Trail struct {
	mu     sync.Mutex
	events []audit.Event // as stored
	err    error
}

// Fail has all that is asked of the trail fail with err; nil mends it.
func (t *Trail) Fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = err
}

// Record implements audit.Trail.
func (t *Trail) Record(_ context.Context, event audit.Event) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return t.err
	}
	event = event.Stored()
	if !slices.ContainsFunc(t.events, func(kept audit.Event) bool { return kept.ID == event.ID && kept.AccountID == event.AccountID }) {
		t.events = append(t.events, event)
	}
	return nil
}

// All returns the events in the order in which they came, without their IDs.
func (t *Trail) All() []audit.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.Clone(t.events)
	for i := range all {
		all[i].ID = ""
	}
	return all
}

// Events implements audit.Reader. Its cursors are places in the order.
func (t *Trail) Events(_ context.Context, query audit.Query) (audit.Page, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return audit.Page{}, t.err
	}
	var found []audit.Event
	for _, event := range t.events {
		at := event.At.Unix()
		if at >= query.From && at <= query.To && (query.AccountID == "" || query.AccountID == event.AccountID) &&
			(query.ActorID == "" || query.ActorID == event.ActorID && event.ByAnother()) {
			event.Recurring = false // a store does not keep it
			found = append(found, event)
		}
	}
	slices.SortFunc(found, func(a, b audit.Event) int { return strings.Compare(b.ID, a.ID) })
	name := query.AccountID + " " + query.ActorID + " "
	start := 0
	if query.Cursor != "" {
		place, ok := strings.CutPrefix(query.Cursor, name)
		at, err := strconv.Atoi(place)
		if !ok || err != nil || at < 0 || at > len(found) {
			return audit.Page{}, apperr.New(apperr.InvalidRequest, "no such page")
		}
		start = at
	}
	page := audit.Page{Events: found[start:min(start+query.Limit, len(found))]}
	if end := start + len(page.Events); end < len(found) {
		page.Next = name + strconv.Itoa(end)
	}
	return page, nil
}

// Forget implements audit.Eraser. It does a few at a time.
func (t *Trail) Forget(_ context.Context, accountID string) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return false, t.err
	}
	const most = 100
	done := 0
	for i := range t.events {
		e := &t.events[i]
		if done < most && e.Address != "" && (e.AccountID == accountID || e.ByAnother() && e.ActorID == accountID) {
			e.Address = ""
			done++
		}
	}
	return done < most, nil
}
