package gateway

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// isBinary tells whether a Content-Type, or the first media type of an Accept, is among the API's binary media types.
// "Binary media types for REST APIs": parameters do not count, and a * covers several types. */* covers a request that
// names none (Local; the guide recommends */* for clients whose Accept can't be chosen).
func (g *gateway) isBinary(header string) bool {
	first, _, _ := strings.Cut(header, ",")
	first, _, _ = strings.Cut(first, ";")
	name := strings.ToLower(strings.TrimSpace(first))
	kind, _, _ := strings.Cut(name, "/")
	for _, binary := range g.api.BinaryMediaTypes {
		if binary = strings.ToLower(binary); binary == "*/*" || binary == name || binary == kind+"/*" {
			return true
		}
	}
	return false
}

// eventBody is a request's body as events have it: base64 if its Content-Type is binary, else text. "Content type
// conversions in API Gateway": text is UTF-8, and what is not becomes U+FFFD when it is encoded.
func (g *gateway) eventBody(r *http.Request, body []byte) (text *string, isBase64 bool) {
	if len(body) == 0 {
		return nil, false
	}
	encoded := string(body)
	if isBase64 = g.isBinary(r.Header.Get("Content-Type")); isBase64 {
		encoded = base64.StdEncoding.EncodeToString(body)
	}
	return &encoded, isBase64
}

// decodeBody turns a function's base64 into bytes for a caller whose first Accept is binary. "Return binary media from a
// Lambda proxy integration"; "Content type conversions": a body that does not decode is a 500, an API configuration
// error. Any other caller gets the text as it is (Measured).
func (g *gateway) decodeBody(x *exchange, answer *response) *failure {
	if !answer.base64 || !g.isBinary(x.request.Header.Get("Accept")) {
		return nil
	}
	decoded, err := base64.StdEncoding.DecodeString(string(answer.body))
	if err != nil {
		return apiMisconfigured("the function's body is not base64, which isBase64Encoded says it is")
	}
	answer.body = decoded
	return nil
}
