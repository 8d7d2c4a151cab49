// Package audit says what an audit event is: who did what, to whose account, when, from where, and how it ended. An event names
// accounts by their ids alone, which mean nothing once an account has been removed. It holds nothing that a caller wrote, and so
// neither a secret nor a forged line.
package audit

import (
	"context"
	"time"
)

// Outcome is how it ended.
type Outcome string

// The outcomes.
const (
	Succeeded Outcome = "succeeded"
	Refused   Outcome = "refused"   // the caller may not, or showed the wrong thing
	Throttled Outcome = "throttled" // it came too early after others that were refused
	Failed    Outcome = "failed"    // the service could not
)

// Nobody stands where an account would: the event has none, or none that is known.
const Nobody = "-"

// Event is one thing that was done, or refused. A text that it does not need is empty.
type Event struct {
	ID           string    // names the event, and sorts by time; Stored sets it
	Action       string    // a verb, or a verb and its object, such as "login" or "end_session"
	Outcome      Outcome   //
	Reason       string    // why it did not succeed; empty if it did
	Detail       string    // more about what was done, in words of ours, such as "role=ADMIN"
	At           time.Time // to the millisecond, but see Recurring
	ActorID      string    // the id of who did it, a user's or a client's; empty if that is not known
	AccountID    string    // the user id of the account that it is about, or Nobody
	SessionID    string    // of the session that it was done with, or that it began
	TokenID      string    // likewise of the token
	Target       string    // the id of what else it is about, such as an invitation
	Address      string    // the source address, as the gateway saw it
	RequestID    string    // the request's id as the caller saw it, who can have chosen it
	InvocationID string    // the function's own id of it, which nobody can choose

	// Recurring is set if whoever causes the event can do so again at once and for nothing, as by showing a revoked token in a
	// loop. Then one is kept a minute for its account, action, outcome and reason, the first, with the minute's beginning as its time.
	Recurring bool
}

// ByAnother reports whether somebody did it to an account that is not his own, or to none.
func (e Event) ByAnother() bool { return e.ActorID != "" && e.ActorID != e.AccountID }

// Trail keeps events.
type Trail interface {
	// Record stores the event, once however often it is tried. An error means that the store could not answer, and the event may not
	// be there.
	Record(ctx context.Context, event Event) error
}

// Query asks for events, the newest first.
type Query struct {
	AccountID string // about this account, or Nobody; empty: about whichever
	ActorID   string // done by this user or client to accounts of others; empty: by whoever. Not with AccountID
	From, To  int64  // Unix seconds, both included
	Limit     int    // the most events of a page, from 1
	Cursor    string // where the page begins: Next of the one before; empty: at the newest
}

// Page is what a query gives at once. It may be short, even empty, and not be the last.
type Page struct {
	Events []Event
	Next   string // the next page's cursor; empty: there is none
}

// Reader finds events.
type Reader interface {
	// Events returns a page. Those about one account are there as soon as they are recorded, others after a second perhaps. The error's
	// code is InvalidRequest for a cursor that is none of this query's, Corrupt for a damaged row, or ServiceUnavailable.
	Events(ctx context.Context, query Query) (Page, error)
}

// Eraser takes what is personal out of events.
type Eraser interface {
	// Forget removes the source addresses from the events about an account and from those of what its owner has done to others, a
	// bounded number at a call, and reports whether it has found no more. The ids stay: without the account they name nobody. The
	// error's code is ServiceUnavailable, and some may be done.
	Forget(ctx context.Context, accountID string) (done bool, err error)
}
