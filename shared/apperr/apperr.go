// Package apperr is the one error type that crosses package boundaries: a stable code, a sentence for the caller, and the
// cause for the log. Only the edge (package apigw) turns a code into a response.
package apperr

import (
	"errors"
	"time"
)

// Code says what kind of failure it is. Codes are part of the wire contract: a problem's type URI ends in its code.
type Code string

// The codes, each with the HTTP status that the edge gives it.
const (
	InvalidRequest       Code = "invalid-request"        // 400: malformed or refused input; the detail says what to mend
	Unauthenticated      Code = "unauthenticated"        // 401: wrong credentials, code or token
	Forbidden            Code = "forbidden"              // 403: right token, wrong role; or a missing or wrong invitation
	NotFound             Code = "not-found"              // 404: no such thing, or none of the caller's
	UsernameTaken        Code = "username-taken"         // 409
	AccountPending       Code = "account-pending"        // 409: the account has never been signed in to
	LimitReached         Code = "limit-reached"          // 409: the account has as many as it can have
	RequestTooLarge      Code = "request-too-large"      // 413
	UnsupportedMediaType Code = "unsupported-media-type" // 415
	TooManyRequests      Code = "too-many-requests"      // 429, with Retry-After
	ServiceUnavailable   Code = "service-unavailable"    // 503, with Retry-After: a dependency is down, slow or throttling
	Corrupt              Code = "corrupt"                // 503 unless the domain says 401: stored data does not match its key
	Internal             Code = "internal"               // a fault of ours: no response of its own, the gateway answers 502
)

// Reason says, for logs, metrics and audit only, why a request was refused. The caller never sees it: from outside, a
// revoked token and a forged one look the same.
type Reason string

// Error is a failure with a code.
type Error struct {
	Code       Code
	Detail     string        // for the caller: what to do. Never names the inside, never repeats what was sent.
	Reason     Reason        // for the operator; may be empty
	RetryAfter time.Duration // for TooManyRequests: when the caller may try again
	Alarm      bool          // somebody should look: stored data does not match its keys
	Bounded    bool          // for the audit: a throttle counts it, or it ends what it is about, so that it cannot happen without end
	Account    string        // for the log: the canonical username of an account that exists; may be empty
	UserID     string        // for the log: whose record it is about; may be empty
	TokenID    string        // for the log: likewise
	ClientID   string        // for the log: the client whose secret was not shown; may be empty
	OAuth      string        // on a route of OAuth 2.0: the error of RFC 6749 section 5.2, for the caller; else empty
	Err        error         // the cause; may be nil
}

// New returns an Error with a sentence for the caller.
func New(code Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

// Refuse returns an Error whose reason is for the log alone.
func Refuse(code Code, detail string, reason Reason) *Error {
	return &Error{Code: code, Detail: detail, Reason: reason}
}

// noAnswer is all that a caller learns when a dependency fails and when its data is damaged.
const noAnswer = "A service that this one depends on does not answer. Try again in a few seconds."

// Unavailable reports that a dependency failed, so that nobody is let in.
func Unavailable(cause error) *Error {
	return &Error{Code: ServiceUnavailable, Detail: noAnswer, Reason: "dependency_failed", Err: cause}
}

// Dependency classifies what a store or key service returned: an error that has a code keeps it, any other one (a timeout, a
// lost connection) is Unavailable. Nil stays nil.
func Dependency(err error) error {
	if _, ok := errors.AsType[*Error](err); ok || err == nil {
		return err
	}
	return Unavailable(err)
}

// Tampered reports stored data that does not open under its key: corrupt, moved to another row, or written by somebody else.
func Tampered(reason Reason, cause error) *Error {
	return &Error{Code: Corrupt, Detail: noAnswer, Reason: reason, Alarm: true, Err: cause}
}

// Error implements error. The text is for the log.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Reason != "" {
		text += " (" + string(e.Reason) + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// From returns the Error in the chain of err, which must not be nil; any other error is an Internal one, because nobody has
// said what it means.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: Internal, Reason: "unclassified", Err: err}
}

// CodeOf returns the code of the Error in err's chain, Internal if there is none, and no code at all for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return From(err).Code
}
