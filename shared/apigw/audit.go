package apigw

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/audit"
	"sallyport/shared/metric"
	"sallyport/shared/token"
)

// How long storing an event may take, once the answer is known.
const (
	auditLimit = time.Second

	// verdictAuditLimit is the authorizer's, whose callers wait for the function behind it too.
	verdictAuditLimit = 250 * time.Millisecond

	// auditReserve is kept from a function's time limit, so that an Audit that hangs costs nobody the answer.
	auditReserve = 150 * time.Millisecond
)

// Audited is Handle for a function that does, or refuses, what somebody may ask about later: action names it. Each request is an
// event, in the log line and, unless it could not even be read, in the trail. That an event cannot be stored changes no answer, for what
// was done is done: the line has it all the same, and another line counts as the metric AuditErrors.
func Audited(log *slog.Logger, trail audit.Trail, action string, handler Handler) func(context.Context, Request) (Response, error) {
	return serve(log, handler, recorder{log: log, trail: trail, action: action, limit: auditLimit})
}

// recorder makes and stores the events of one function. The zero recorder is for a function without any.
type recorder struct {
	log    *slog.Logger
	trail  audit.Trail
	action string
	limit  time.Duration
}

// record stores an event that is worth it: what could not be read has attempted nothing.
func (r recorder) record(ctx context.Context, event audit.Event, failure error) {
	if r.trail == nil || !worthKeeping(failure) {
		return
	}
	ctx, cancel := r.within(ctx)
	defer cancel()
	if err := r.trail.Record(ctx, event); err != nil {
		r.log.ErrorContext(ctx, "an audit event could not be stored", append([]any{
			"event", event.Action, "outcome", string(event.Outcome), "request_id", event.RequestID, "lambda_request_id", event.InvocationID, "error", err,
		}, metric.Count("AuditErrors", time.Now())...)...)
	}
}

// within returns a context for storing an event. It outlives the handler's, which may have ended because a dependency hung, and ends
// before the function's own time does.
func (r recorder) within(ctx context.Context) (context.Context, context.CancelFunc) {
	end := time.Now().Add(r.limit)
	if limit, ok := ctx.Deadline(); ok && limit.Add(-auditReserve).Before(end) {
		end = limit.Add(-auditReserve)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), end)
}

// event is what came of a request. The actor is whom the authorizer let in, or whom the answer names. Without either, whoever it was
// has proved to be the account's owner only if it succeeded.
func (r recorder) event(ctx context.Context, req Request, answer Answer, failure error) audit.Event {
	if r.trail == nil {
		return audit.Event{}
	}
	e := newEvent(ctx, r.action, req.RequestContext.Identity.SourceIP, req.RequestContext.RequestID, failure)
	e.Detail, e.ActorID, e.SessionID, e.Target = answer.Detail, answer.Actor, answer.SessionID, cmp.Or(e.Target, answer.Target)
	e.AccountID, e.TokenID = cmp.Or(e.AccountID, id(answer.Account)), cmp.Or(e.TokenID, id(answer.TokenID))
	if failure != nil {
		// A wrong password or code of somebody's is kept each time: throttles bound how often that can be. Other refusals are not
		// counted: whoever has begun a sign-in can answer an expired challenge all day.
		e.Recurring = e.AccountID == "" || !apperr.From(failure).Bounded
	}
	switch caller, err := Caller(req); {
	case err == nil:
		e.ActorID, e.AccountID = caller.UserID.String(), cmp.Or(e.AccountID, caller.UserID.String())
		e.SessionID, e.TokenID = cmp.Or(e.SessionID, caller.SessionID), cmp.Or(e.TokenID, caller.TokenID.String())
	case failure == nil:
		e.ActorID = cmp.Or(e.ActorID, e.AccountID)
	}
	if e.ActorID == audit.Nobody {
		e.ActorID = ""
	}
	return e
}

// newEvent is an event as far as it is the same for functions and the authorizer.
func newEvent(ctx context.Context, action, address, gatewayRequestID string, failure error) audit.Event {
	e := audit.Event{
		Action: action, Outcome: outcomeOf(failure), At: time.Now(),
		Address: address, RequestID: requestIDOf(ctx, gatewayRequestID), InvocationID: lambdaRequestID(ctx),
	}
	if failure != nil {
		cause := apperr.From(failure)
		e.Reason = cmp.Or(string(cause.Reason), string(cause.Code))
		e.AccountID, e.TokenID, e.Target = cause.UserID, cause.TokenID, cause.ClientID
	}
	return e
}

// worthKeeping reports whether the trail keeps what ended so.
func worthKeeping(failure error) bool {
	switch apperr.CodeOf(failure) {
	case apperr.InvalidRequest, apperr.RequestTooLarge, apperr.UnsupportedMediaType:
		return false
	default:
		return true
	}
}

func outcomeOf(failure error) audit.Outcome {
	switch apperr.CodeOf(failure) {
	case "":
		return audit.Succeeded
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
