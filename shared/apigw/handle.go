// Package apigw is the edge: it turns API Gateway's events into requests of the domain, and the domain's answers and errors
// into responses. It writes one log line for each event and lets no secret and no inside detail out.
package apigw

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/go-json-experiment/json"

	"sallyport/shared/apperr"
	"sallyport/shared/token"
)

// Request is the event of a Lambda proxy integration (API Gateway Developer Guide, "Lambda proxy integrations in API Gateway").
type Request = events.APIGatewayProxyRequest

// Response is what such an integration answers.
type Response = events.APIGatewayProxyResponse

// answerReserve is kept from a function's time limit, so that a dependency that hangs still gets an answer of ours.
const answerReserve = 750 * time.Millisecond

// Answer is what a handler gives back when all went well.
type Answer struct {
	Status int
	Body   any   // encoded as JSON; nil for no body
	Who    []any // slog attributes that the log line has besides those of the caller: who did it, to what

	// Why there was nothing to do, though that is no failure of the request's: a token that is not live, where one may ask about
	// it or end it. For the log line and the audit event; the answer does not tell.
	Note error

	// Unrecorded is set if nothing was done that somebody may ask about later: Audited stores no event of it.
	Unrecorded bool

	// For the event of an Audited function.
	Account   token.ID // whom it is about, if not the caller
	Actor     string   // the id of who did it, if neither the caller nor the account's owner; audit.Nobody if nobody knows
	SessionID string   // of the session that it began
	TokenID   token.ID // likewise
	Target    string   // the id of what else it is about
	Detail    string   // more about what was done, in words of ours: "role=ADMIN"
}

// Handler answers one request. Its error should carry a code of package apperr.
type Handler func(ctx context.Context, req Request) (Answer, error)

// Handle returns handler as the function that Lambda invokes. An error without a response of its own, and a panic, become a
// function error without any detail, which API Gateway answers with 502.
func Handle(log *slog.Logger, handler Handler) func(context.Context, Request) (Response, error) {
	return serve(log, handler, recorder{})
}

// serve answers each request, writes its log line, and then records its event.
func serve(log *slog.Logger, handler Handler, trail recorder) func(context.Context, Request) (Response, error) {
	line := newLine(log)
	return func(ctx context.Context, req Request) (response Response, err error) {
		began := time.Now()
		var answer Answer
		failure := guard(func() (err error) {
			ctx, cancel := withReserve(ctx)
			defer cancel()
			answer, err = handler(ctx, req)
			return err
		})
		if failure == nil {
			response, failure = success(answer)
		}
		if failure != nil {
			var ok bool
			if response, ok = problemResponse(apperr.From(failure), requestIDOf(ctx, req.RequestContext.RequestID)); !ok {
				err = errInternal
			}
		}
		told := cmp.Or(failure, answer.Note)
		event := trail.event(ctx, req, answer, told)
		line.write(ctx, outcome{
			requestID: req.RequestContext.RequestID, extendedRequestID: req.RequestContext.ExtendedRequestID, method: req.HTTPMethod, resource: req.Resource,
			address: req.RequestContext.Identity.SourceIP, event: event,
			status: response.StatusCode, who: append(answer.Who, callerOf(req)...), err: told, began: began,
		})
		if !answer.Unrecorded {
			trail.record(ctx, event, told)
		}
		return response, err
	}
}

// requestIDOf returns the gateway's request id. On AWS a caller can choose it (X-Amzn-RequestId); if what came is no UUID, the
// problem names Lambda's own id instead, so that instance is always a URN of RFC 9562. The log has both, and the one that nobody
// can choose.
func requestIDOf(ctx context.Context, gatewayID string) string {
	if isUUID(gatewayID) {
		return gatewayID
	}
	return lambdaRequestID(ctx)
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch hyphen := i == 8 || i == 13 || i == 18 || i == 23; {
		case hyphen && s[i] != '-', !hyphen && !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])):
			return false
		}
	}
	return true
}

// lambdaRequestID returns the id of this invocation, zeros outside Lambda.
func lambdaRequestID(ctx context.Context) string {
	if invocation, ok := lambdacontext.FromContext(ctx); ok {
		return invocation.AwsRequestID
	}
	return "00000000-0000-0000-0000-000000000000"
}

// errInternal is all that Lambda's log and API Gateway learn of a fault: our own line has the rest.
var errInternal = errors.New("internal error")

func withReserve(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, deadline.Add(-answerReserve))
}

// guard turns a panic into an error. The panic's value may hold a secret, so that only its type is told.
func guard(f func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &apperr.Error{Code: apperr.Internal, Reason: "panic", Alarm: true, Err: fmt.Errorf("panic of type %T at %s", cause, where())}
		}
	}()
	return f()
}

func success(answer Answer) (Response, error) {
	if answer.Body == nil {
		return Response{StatusCode: answer.Status, Headers: securityHeaders()}, nil
	}
	return respond(answer.Status, "application/json", answer.Body)
}

func respond(status int, contentType string, body any) (Response, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return Response{}, fmt.Errorf("apigw: encoding the response: %w", err)
	}
	headers := securityHeaders()
	headers["Content-Type"] = contentType
	return Response{StatusCode: status, Headers: headers, Body: string(encoded)}, nil
}

// securityHeaders are on every response; template.yaml puts the same on the gateway's own.
func securityHeaders() map[string]string {
	return map[string]string{
		"Cache-Control":             "no-store",
		"X-Content-Type-Options":    "nosniff",
		"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
	}
}

// OK is an answer of status 200.
func OK(body any, who ...any) (Answer, error) {
	return Answer{Status: http.StatusOK, Body: body, Who: who}, nil
}
