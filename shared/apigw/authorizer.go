package apigw

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"sallyport/shared/apperr"
	"sallyport/shared/audit"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// AuthorizerRequest is what a REQUEST authorizer is asked (API Gateway Developer Guide, "Use API Gateway Lambda authorizers").
type AuthorizerRequest = events.APIGatewayCustomAuthorizerRequestTypeRequest

// AuthorizerResponse is its answer: an IAM policy, and a context for the functions behind the gateway.
type AuthorizerResponse = events.APIGatewayCustomAuthorizerResponse

// errUnauthorized has the exact and only text that API Gateway answers with 401.
var errUnauthorized = errors.New("Unauthorized")

// maxPolicyResource is how many characters the resource of a policy statement may have (API Gateway Developer Guide, "Output from an
// API Gateway Lambda authorizer"). No route of ours comes near it: what does is padded with slashes, which the gateway's routing
// forgives.
const maxPolicyResource = 512

// nameVariable is the stage variable in which an API says what it is called in the policy. An API without it has no route there,
// so that no API is ruled by another's table because both happen to have a path in common. It is the API's own word: to claim
// another's name opens nothing but that API itself.
const nameVariable = "SallyportApi"

// errUndecided becomes AUTHORIZER_FAILURE, which template.yaml answers with 503.
var errUndecided = errors.New("the request could not be judged")

// Judge decides whether the bearer of a token may call a route: session.Authorizer's Authorize.
type Judge func(ctx context.Context, presented secret.Text, route policy.Route) (session.Identity, error)

// Authorize returns judge as the function that API Gateway asks about each request. Allowing and denying are one statement
// about the one method asked about, so that no emulator or cache can read more into it.
//
// The trail keeps the refusals of tokens that are genuine, as what they say can be believed: a request that is let in and a forged
// token leave nothing there. Storing changes no verdict.
func Authorize(log *slog.Logger, judge Judge, trail audit.Trail) func(context.Context, AuthorizerRequest) (AuthorizerResponse, error) {
	line := newLine(log)
	refusals := recorder{log: log, trail: trail, action: "authorize", limit: verdictAuditLimit}
	return func(ctx context.Context, req AuthorizerRequest) (AuthorizerResponse, error) {
		began := time.Now()
		var identity session.Identity
		failure := guard(func() error {
			ctx, cancel := withReserve(ctx)
			defer cancel()
			if len(req.MethodArn) > maxPolicyResource {
				return apperr.Refuse(apperr.Unauthenticated, "The path is too long.", "path_too_long")
			}
			presented, err := bearer(req)
			if err != nil {
				return err
			}
			route := policy.Route{API: req.StageVariables[nameVariable], Method: req.HTTPMethod, Resource: req.Resource}
			identity, err = judge(ctx, presented, route)
			return err
		})
		response, status, err := verdict(req.MethodArn, identity, failure)
		event := decision(ctx, refusals.action, req, identity, failure)
		line.write(ctx, outcome{
			requestID: req.RequestContext.RequestID, method: req.HTTPMethod, resource: req.Resource,
			address: req.RequestContext.Identity.SourceIP, event: event, status: status,
			who: Who(identity), err: failure, began: began,
		})
		if event.Outcome == audit.Refused && event.AccountID != "" {
			refusals.record(ctx, event, failure)
		}
		return response, err
	}
}

// decision is the event of a verdict. Only a genuine token tells whose it is, and only one that is good for something who acts.
func decision(ctx context.Context, action string, req AuthorizerRequest, identity session.Identity, failure error) audit.Event {
	if failure == nil { // it is in no trail
		return audit.Event{Action: action, Outcome: audit.Succeeded}
	}
	e := newEvent(ctx, action, req.RequestContext.Identity.SourceIP, req.RequestContext.RequestID, failure)
	if identity.Username != "" {
		e.ActorID, e.AccountID = identity.UserID.String(), identity.UserID.String()
		e.SessionID, e.TokenID = identity.SessionID, identity.TokenID.String()
	}
	e.Recurring = !apperr.From(failure).Bounded
	return e
}

func verdict(methodArn string, identity session.Identity, failure error) (response AuthorizerResponse, status int, err error) {
	if failure == nil {
		return statement("Allow", methodArn, identity), 200, nil
	}
	switch apperr.CodeOf(failure) {
	case apperr.Unauthenticated:
		return AuthorizerResponse{}, 401, errUnauthorized
	case apperr.Forbidden:
		return statement("Deny", methodArn, identity), 403, nil
	default:
		return AuthorizerResponse{}, 503, errUndecided
	}
}

func statement(effect, methodArn string, identity session.Identity) AuthorizerResponse {
	response := AuthorizerResponse{
		PrincipalID: identity.UserID.String(),
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
			Version: "2012-10-17",
			Statement: []events.IAMPolicyStatement{{
				Action: []string{"execute-api:Invoke"}, Effect: effect, Resource: []string{methodArn},
			}},
		},
	}
	if effect == "Allow" {
		response.Context = map[string]any{ // strings all: API Gateway turns a number into 1.79e+09
			"kind":       identity.Kind.String(),
			"user_id":    identity.UserID.String(),
			"username":   identity.Username,
			"role":       identity.Role.String(),
			"session_id": identity.SessionID,
			"token_id":   identity.TokenID.String(),
			"issued_at":  strconv.FormatInt(identity.IssuedAt, 10),
			"expires_at": strconv.FormatInt(identity.ExpiresAt, 10),
		}
	}
	return response
}

// bearer returns the token of the one Authorization header (RFC 6750 section 2.1): a scheme in any case, one space, token.
func bearer(req AuthorizerRequest) (secret.Text, error) {
	values := headerValues(req.Headers, req.MultiValueHeaders, "Authorization")
	if len(values) != 1 {
		return secret.Text{}, apperr.Refuse(apperr.Unauthenticated, "Send one Authorization header.", "authorization_header")
	}
	scheme, presented, ok := strings.Cut(values[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return secret.Text{}, apperr.Refuse(apperr.Unauthenticated, "Send Authorization: Bearer and the token.", "authorization_scheme")
	}
	return secret.New(presented), nil
}

// Caller returns whom the authorizer let in. Without that, the route has no authorizer, or another one: then nobody is let
// in, and the error's code is Internal.
func Caller(req Request) (session.Identity, error) {
	text := func(key string) string {
		value, _ := req.RequestContext.Authorizer[key].(string)
		return value
	}
	identity := session.Identity{Username: text("username"), SessionID: text("session_id")}
	number := func(key string) (int64, bool) {
		n, err := strconv.ParseInt(text(key), 10, 64)
		return n, err == nil
	}
	var user, tokenID, role, kind, issued, expires bool
	identity.Kind, kind = token.ParseKind(text("kind"))
	identity.UserID, user = token.ParseID(text("user_id"))
	identity.TokenID, tokenID = token.ParseID(text("token_id"))
	identity.Role, role = policy.ParseRole(text("role"))
	identity.IssuedAt, issued = number("issued_at")
	identity.ExpiresAt, expires = number("expires_at")
	if !kind || !user || !tokenID || !role || !issued || !expires || identity.Username == "" || identity.SessionID == "" {
		return session.Identity{}, &apperr.Error{Code: apperr.Internal, Reason: "no_authorizer_context"}
	}
	return identity, nil
}

// callerOf returns the log attributes of whom the authorizer let in, none if there is no authorizer.
func callerOf(req Request) []any {
	caller, err := Caller(req)
	if err != nil {
		return nil
	}
	return Who(caller)
}

// Who returns the log attributes of an identity, none for the zero Identity.
func Who(identity session.Identity) []any {
	if identity.Username == "" {
		return nil
	}
	return []any{
		"username", identity.Username, "user_id", identity.UserID.String(), "role", identity.Role.String(),
		"session_id", identity.SessionID, "token_id", identity.TokenID.String(),
	}
}
