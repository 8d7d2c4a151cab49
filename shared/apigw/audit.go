package apigw

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/audit"
	"sallyport/shared/token"
)

// Anybody is the actor where it may be anybody: who cannot be known, and need not be the account's owner.
const Anybody = "-"

// auditLimit is the time that an event may take to be stored, when the answer is known already. With what the domain keeps for
// itself after that it stays below answerReserve.
const auditLimit = 200 * time.Millisecond

// Audited is Handle for a function that does, or refuses, what somebody may ask about later: action names it. That an event cannot
// be stored changes no answer, for what was done is done; the log line has it all the same, and the error is an alarm.
func Audited(log *slog.Logger, trail audit.Trail, action string, handler Handler) func(context.Context, Request) (Response, error) {
	return serve(log, handler, func(ctx context.Context, req Request, answer Answer, failure error) {
		if answer.Unrecorded {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditLimit)
		defer cancel()
		if err := trail.Record(ctx, event(ctx, action, req, answer, failure)); err != nil {
			log.ErrorContext(ctx, "an audit event could not be stored", append([]any{"event", action, "error", err}, alarm(time.Now())...)...)
		}
	})
}

// event is what came of a request. The actor is whom the authorizer let in; without one, whoever it was has proved to be the account's
// owner only if it succeeded.
func event(ctx context.Context, action string, req Request, answer Answer, failure error) audit.Event {
	e := audit.Event{
		Action: action, Outcome: audit.Succeeded, At: time.Now(),
		Address: req.RequestContext.Identity.SourceIP, RequestID: requestIDOf(ctx, req.RequestContext.RequestID),
		SessionID: answer.SessionID, TokenID: id(answer.TokenID), Target: answer.Target, AccountID: id(answer.Account),
	}
	if failure != nil {
		cause := apperr.From(failure)
		e.Outcome, e.Reason = outcomeOf(cause.Code), cmp.Or(string(cause.Reason), string(cause.Code))
		e.AccountID, e.TokenID = cause.UserID, cause.TokenID
	}
	if caller, err := Caller(req); err == nil {
		e.ActorID = caller.UserID.String()
		e.AccountID = cmp.Or(e.AccountID, e.ActorID)
		e.SessionID, e.TokenID = cmp.Or(e.SessionID, caller.SessionID), cmp.Or(e.TokenID, caller.TokenID.String())
	} else if e.ActorID = answer.Actor; failure == nil && e.ActorID == "" {
		e.ActorID = e.AccountID
	}
	return e
}

func outcomeOf(code apperr.Code) audit.Outcome {
	switch code {
	case apperr.TooManyRequests:
		return audit.Throttled
	case apperr.ServiceUnavailable, apperr.Corrupt, apperr.Internal:
		return audit.Failed
	default:
		return audit.Refused
	}
}

// id returns the id's text, nothing for the zero ID.
func id(of token.ID) string {
	if of == (token.ID{}) {
		return ""
	}
	return of.String()
}
