package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// failure is a reason for the gateway itself to answer. kind is the response type that says how.
// API Gateway Developer Guide, "Gateway response types", has the types with their status codes.
type failure struct {
	kind      string
	status    int    // the type's own
	errorType string // X-Amzn-ErrorType; Local, but for MISSING_AUTHENTICATION_TOKEN and what functions cause
	message   string // $context.error.message; the guide gives few of these texts
	noMessage bool   // the service gives null for the message
	reason    string // for the developer; fixed text, nothing of the request
}

// Fallbacks for types that the API doesn't configure.
const (
	default4XX = "DEFAULT_4XX"
	default5XX = "DEFAULT_5XX"
)

// unknownRoute is how a path or method that the API doesn't have looks. With an Authorization header the service takes
// the request for one that is signed for another AWS service, and finds the signature wanting.
func unknownRoute(r *http.Request) *failure {
	const reason = "the API has no such route"
	values, present := r.Header["Authorization"]
	if !present {
		return &failure{kind: "MISSING_AUTHENTICATION_TOKEN", status: http.StatusForbidden,
			errorType: "MissingAuthenticationTokenException", message: "Missing Authentication Token", reason: reason}
	}
	// Local: the service repeats the header or, more recently, its digest; a credential should not come back in the clear.
	digest := sha256.Sum256([]byte(strings.Join(values, ",")))
	return &failure{kind: "INVALID_SIGNATURE", status: http.StatusForbidden, errorType: "IncompleteSignatureException", reason: reason,
		message: "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" +
			base64.StdEncoding.EncodeToString(digest[:]) + "'."}
}

func unauthorized(reason string) *failure {
	return &failure{kind: "UNAUTHORIZED", status: http.StatusUnauthorized, errorType: "UnauthorizedException", message: "Unauthorized", reason: reason}
}

func accessDenied(explicit bool) *failure {
	f := &failure{kind: "ACCESS_DENIED", status: http.StatusForbidden, errorType: "AccessDeniedException",
		message: "User is not authorized to access this resource", reason: "the policy does not allow the call"}
	if explicit {
		f.message, f.reason = f.message+" with an explicit deny", "the policy denies the call"
	}
	return f
}

// authorizerFailure is for an authorizer that ran and ended in an error.
func authorizerFailure(reason string) *failure {
	return &failure{kind: "AUTHORIZER_FAILURE", status: http.StatusInternalServerError, errorType: "AuthorizerFailureException", noMessage: true, reason: reason}
}

// authorizerMisconfigured is for an authorizer that can't be reached, or whose answer makes no sense.
func authorizerMisconfigured(reason string) *failure {
	return &failure{kind: "AUTHORIZER_CONFIGURATION_ERROR", status: http.StatusInternalServerError, errorType: "AuthorizerConfigurationException", noMessage: true, reason: reason}
}

// tooLarge is a request beyond the service's payload limit, or Lambda's.
func tooLarge(reason string) *failure {
	return &failure{kind: "REQUEST_TOO_LARGE", status: http.StatusRequestEntityTooLarge, errorType: "RequestTooLargeException", message: "Request Too Long", reason: reason}
}

func badRequest(status int, message, reason string) *failure {
	return &failure{kind: default4XX, status: status, errorType: "BadRequestException", message: message, reason: reason}
}

// throttled is for a request above the limits of its route.
func throttled() *failure {
	return &failure{kind: "THROTTLED", status: http.StatusTooManyRequests, errorType: "TooManyRequestsException", message: "Too Many Requests",
		reason: "the route's rate and burst limits are exceeded"}
}

// badGateway is for a function that failed, or whose answer is not one. "Set up Lambda proxy integrations", Output
// format: 502.
func badGateway(reason string) *failure {
	return &failure{kind: default5XX, status: http.StatusBadGateway, errorType: "InternalServerErrorException", message: "Internal server error", reason: reason}
}

// apiMisconfigured is for what an API's own settings can't handle.
func apiMisconfigured(reason string) *failure {
	return &failure{kind: "API_CONFIGURATION_ERROR", status: http.StatusInternalServerError, errorType: "InternalServerErrorException", message: "Internal server error", reason: reason}
}

// integrationFailure is for a function that could not be run.
func integrationFailure(reason string) *failure {
	return &failure{kind: "INTEGRATION_FAILURE", status: http.StatusGatewayTimeout, errorType: "InternalServerErrorException", message: "Internal server error", reason: reason}
}

func integrationTimedOut() *failure {
	return &failure{kind: "INTEGRATION_TIMEOUT", status: http.StatusGatewayTimeout, errorType: "InternalServerErrorException",
		message: "Endpoint request timed out", reason: "the function did not answer in time"}
}
