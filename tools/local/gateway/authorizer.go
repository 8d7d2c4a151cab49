package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// authorize asks the authorizer, or its cache, and evaluates the policy. On success the exchange has what functions
// see of the decision. API Gateway Developer Guide, "Lambda authorizer workflow".
func (g *gateway) authorize(ctx context.Context, x *exchange) *failure {
	methodARN := g.methodARN(x)
	if len(methodARN) > maxMethodARNBytes {
		return badRequest(http.StatusRequestURITooLong, "Request URI too long", "the method's ARN has more than 1,600 bytes")
	}
	sources, ok := g.identitySources(x)
	if !ok {
		return unauthorized("an identity source is missing or empty; the authorizer was not called")
	}
	v, latency := (*verdict)(nil), int64(0)
	if g.cache != nil {
		v = g.cache.get(sources)
	}
	if v == nil {
		before := g.options.Clock()
		var f *failure
		if v, f = g.callAuthorizer(ctx, x, methodARN); f != nil {
			return f
		}
		latency = g.options.Clock().Sub(before).Milliseconds()
		if g.cache != nil {
			g.cache.put(sources, v)
		}
	}
	switch v.evaluate(methodARN) {
	case denied:
		return accessDenied(true)
	case notAllowed:
		return accessDenied(false)
	case allowed:
	}
	x.authorizer = make(map[string]any, len(v.context)+2)
	for key, value := range v.context {
		x.authorizer[key] = value
	}
	x.authorizer["principalId"] = v.principalID
	x.authorizer["integrationLatency"] = latency
	return nil
}

// identitySources returns the values of the identity sources, or false if one is missing or empty.
// API Reference, CreateAuthorizer, identitySource: they "perform runtime validation of the REQUEST authorizer by
// verifying all of the identity-related request parameters are present, not null and non-empty"; otherwise 401 without
// a call. That holds with caching disabled too; what is then optional is to name any.
func (g *gateway) identitySources(x *exchange) ([]string, bool) {
	var sources []string
	for _, name := range g.api.Authorizer.IdentityHeaders {
		value := strings.Join(headerValues(x.request, name), ",")
		if strings.Trim(value, " \t,") == "" {
			return nil, false
		}
		sources = append(sources, value)
	}
	return sources, true
}

// callAuthorizer runs the authorizer's function and reads its answer.
func (g *gateway) callAuthorizer(ctx context.Context, x *exchange, methodARN string) (*verdict, *failure) {
	payload, err := g.authorizerPayload(x, methodARN)
	if err != nil {
		return nil, authorizerMisconfigured("the event could not be encoded: " + err.Error())
	}
	result, f := g.invoke(ctx, x, g.api.Authorizer.FunctionID, payload)
	switch {
	case f != nil && f.kind == "INTEGRATION_TIMEOUT":
		return nil, authorizerFailure(f.reason)
	case f != nil:
		return nil, authorizerMisconfigured(f.reason)
	case result.FunctionError != "":
		// "Lambda authorizer workflow", and the guide's example authorizer: the error text "Unauthorized" gives 401, any
		// other error 500.
		var e struct {
			Message string `json:"errorMessage"`
		}
		if json.Unmarshal(result.Payload, &e, jsontext.AllowInvalidUTF8(true)) == nil && e.Message == "Unauthorized" {
			return nil, unauthorized("the authorizer said Unauthorized")
		}
		return nil, authorizerFailure("the authorizer ended in an error")
	}
	v, err := parseVerdict(result.Payload)
	if err != nil {
		return nil, authorizerMisconfigured("the authorizer's answer: " + err.Error())
	}
	return v, nil
}

// invoke runs a function within the gateway's time limit. A caller who goes away does not stop it, as on AWS.
func (g *gateway) invoke(ctx context.Context, x *exchange, functionID string, payload []byte) (Result, *failure) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), integrationTimeout)
	defer cancel()
	result, err := g.invoker.Invoke(ctx, functionID, payload)
	x.cold = x.cold || result.Cold
	switch {
	case err != nil && (ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)):
		return result, integrationTimedOut()
	case err != nil:
		return result, integrationFailure("the function could not be run: " + err.Error())
	}
	return result, nil
}
