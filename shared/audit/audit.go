// Package audit says what an audit event is: who did what, to whose account, when, from where, and how it ended. An event names
// accounts by their ids alone, which mean nothing once an account has been removed, and it never has a secret in it.
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

// Event is one thing that was done, or refused.
type Event struct {
	Action    string    // a verb, or a verb and its object, such as "login" or "end_session"
	Outcome   Outcome   //
	Reason    string    // why it did not succeed; empty if it did
	At        time.Time // to the millisecond
	ActorID   string    // the user id of who did it; empty if that is not known
	AccountID string    // the user id of the account that it is about; empty if there is none
	SessionID string    // of the session that it was done with, or that it began; may be empty
	TokenID   string    // likewise of the token
	Target    string    // the id of what else it is about, such as an invitation; may be empty
	Address   string    // the source address, as the gateway saw it
	RequestID string    // the request's id, as the caller saw it
}

// Trail keeps events.
type Trail interface {
	// Record stores the event. An error means that the store could not answer, and the event may not be there.
	Record(ctx context.Context, event Event) error
}
