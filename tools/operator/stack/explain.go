package stack

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/smithy-go"
)

// Explain makes one line of what went wrong with a call, which action names as IAM does (dynamodb:PutItem). The result wraps
// err.
func Explain(action string, err error) error {
	if err == nil {
		return nil
	}
	code, message := apiError(err)
	switch {
	case IsDenied(err):
		return explained{fmt.Sprintf("your AWS credentials do not allow %s: use others, or have it granted (%s)", action, message), err}
	case isStale(code):
		return explained{fmt.Sprintf("AWS does not accept your credentials (%s): sign in again, or check AWS_PROFILE", code), err}
	case code != "":
		return explained{fmt.Sprintf("%s failed: %s: %s", action, code, message), err}
	}
	if unsent, ok := errors.AsType[*url.Error](err); ok {
		return explained{fmt.Sprintf("%s failed, no answer from %s: %s", action, unsent.URL, oneLine(unsent.Err)), err}
	}
	return explained{fmt.Sprintf("%s failed: %s", action, oneLine(err)), err}
}

// IsDenied reports whether the call failed for want of a permission.
func IsDenied(err error) bool {
	code, _ := apiError(err)
	return code == "AccessDenied" || code == "AccessDeniedException"
}

// isStale knows the codes of credentials that have expired or never were (AWS, "Common Errors", of the query and JSON services).
func isStale(code string) bool {
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
		"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature":
		return true
	}
	return false
}

// apiError returns the service's own error code and message; both are empty if the service did not answer.
func apiError(err error) (code, message string) {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return refused.ErrorCode(), oneLine(errors.New(refused.ErrorMessage()))
	}
	return "", ""
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// explained has a text of its own and keeps the cause.
type explained struct {
	text  string
	cause error
}

func (e explained) Error() string { return e.text }
func (e explained) Unwrap() error { return e.cause }
