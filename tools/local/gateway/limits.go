package gateway

import (
	"fmt"
	"net/http"
	"time"
)

// Limits of the service. API Gateway Developer Guide, "Quotas for configuring and running a REST API in API Gateway":
// URL of a regional API 10,240 characters; total combined size of all header values 10,240 bytes; payload 10 MB;
// integration timeout 29 seconds; ARN of a method with authorization 1,600 bytes.
const (
	maxURLBytes          = 10240
	maxHeaderValueBytes  = 10240
	maxRequestBodyBytes  = 10 << 20
	maxMethodARNBytes    = 1600
	integrationTimeout   = 29 * time.Second
	maxPolicyARNBytes    = 512     // "Output from an API Gateway Lambda authorizer": Resource ARN
	maxInvocationBytes   = 6 << 20 // Lambda Developer Guide, "Lambda quotas": 6 MB for a synchronous request
	maxInvocationResult  = 6291556 // the same, for the response; the number is that of Lambda's error message
	maxBodyPreallocation = 64 << 10
)

// checkSizes refuses what is too large before anything is done with it. The status for a long URL is the guide's
// ("414 Request URI too long"); the guide names none for headers (400 is Local).
func checkSizes(r *http.Request) *failure {
	if len(r.RequestURI) > maxURLBytes {
		return badRequest(http.StatusRequestURITooLong, "Request URI too long", fmt.Sprintf("the URL has more than %d bytes", maxURLBytes))
	}
	total := len(r.Host)
	for _, values := range r.Header {
		for _, value := range values {
			total += len(value)
		}
	}
	if total > maxHeaderValueBytes {
		return badRequest(http.StatusBadRequest, "Bad Request", fmt.Sprintf("the header values have more than %d bytes", maxHeaderValueBytes))
	}
	if r.ContentLength > maxRequestBodyBytes {
		return tooLarge("the body is over 10 MB")
	}
	return nil
}
