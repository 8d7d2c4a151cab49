package apigw

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"sallyport/shared/apperr"
)

// problemTypePrefix begins every problem type; the error's code follows. The URIs are names, not places (RFC 9457 section
// 3.1.1), and never change. template.yaml spells the gateway's own problems the same way.
const problemTypePrefix = "urn:problem-type:sallyport:"

// unavailableRetryAfter is what a caller is told to wait when a dependency is down.
const unavailableRetryAfter = 5 * time.Second

// problem is the body of every error response (RFC 9457 section 3.1).
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"` // names this occurrence: the request id

	// An extension member (RFC 9457 section 3.2), on the routes of OAuth 2.0 alone: what RFC 6749 section 5.2 calls the error.
	Error string `json:"error,omitzero"`
}

// statusOf returns the HTTP status of a code, and false for one that has no response of its own: then the gateway answers
// 502 in the same form.
func statusOf(code apperr.Code) (int, bool) {
	switch code {
	case apperr.InvalidRequest:
		return http.StatusBadRequest, true
	case apperr.Unauthenticated:
		return http.StatusUnauthorized, true
	case apperr.Forbidden:
		return http.StatusForbidden, true
	case apperr.NotFound:
		return http.StatusNotFound, true
	case apperr.UsernameTaken, apperr.AccountPending, apperr.LimitReached:
		return http.StatusConflict, true
	case apperr.RequestTooLarge:
		return http.StatusRequestEntityTooLarge, true
	case apperr.UnsupportedMediaType:
		return http.StatusUnsupportedMediaType, true
	case apperr.TooManyRequests:
		return http.StatusTooManyRequests, true
	case apperr.ServiceUnavailable, apperr.Corrupt:
		return http.StatusServiceUnavailable, true
	case apperr.Internal:
	}
	return 0, false
}

// problemResponse returns the response for e, and false if it has none of its own.
func problemResponse(e *apperr.Error, requestID string) (Response, bool) {
	status, ok := statusOf(e.Code)
	if !ok {
		return Response{}, false
	}
	code := e.Code
	if code == apperr.Corrupt { // what is wrong inside is not the caller's to know
		code = apperr.ServiceUnavailable
	}
	response, err := respond(status, "application/problem+json", problem{
		Type:     problemTypePrefix + string(code),
		Title:    http.StatusText(status),
		Status:   status,
		Detail:   e.Detail,
		Instance: "urn:uuid:" + requestID, // see requestIDOf
		Error:    e.OAuth,
	})
	if err != nil {
		return Response{}, false
	}
	switch status {
	case http.StatusTooManyRequests:
		response.Headers["Retry-After"] = seconds(e.RetryAfter)
	case http.StatusServiceUnavailable:
		response.Headers["Retry-After"] = seconds(unavailableRetryAfter)
	}
	return response, true
}

// seconds renders a Retry-After (RFC 9110 section 10.2.3): whole seconds, rounded up, at least one.
func seconds(wait time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
}
