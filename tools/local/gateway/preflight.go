package gateway

import (
	"mime"
	"net/http"
)

// preflight answers an OPTIONS method that SAM's Cors made: a mock integration, whose request and response templates
// are for application/json alone. "Content-Type" of the request chooses the request template, and is application/json
// if there is none; without a match the mock integration gets the body itself, which names no statusCode ("Integration
// passthrough behaviors"; Measured: 500).
func preflight(x *exchange) (response, *failure) {
	if contentType := x.request.Header.Get("Content-Type"); contentType != "" {
		if mediaType, _, err := mime.ParseMediaType(contentType); err != nil || mediaType != "application/json" {
			return response{}, apiMisconfigured("the preflight's mock integration takes application/json alone")
		}
	}
	r := response{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: []byte("{}\n")}
	for name, value := range x.route.Preflight.Headers {
		r.header.Set(name, value)
	}
	return r, nil
}
