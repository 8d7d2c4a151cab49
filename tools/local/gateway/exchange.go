package gateway

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"sallyport/tools/local/template"
)

// exchange is one request on its way to an answer.
type exchange struct {
	writer  http.ResponseWriter
	request *http.Request
	start   time.Time

	requestID         string // a random UUID
	extendedRequestID string
	traceID           string
	sourceIP          string // of the TCP connection's other end

	method         string
	path           string // percent-encoded, with one leading slash
	route          *route // nil until one matches
	pathParameters map[string]string

	details    *requestDetails // see gateway.details
	authorizer map[string]any  // what functions see as requestContext.authorizer; nil without one
	cold       bool
	problem    string
}

// newExchange names a request. The service lets a client choose $context.requestId by sending X-Amzn-RequestId
// ("Variables for data transformations"); here the id is always new, so that it names one request.
func newExchange(w http.ResponseWriter, r *http.Request, now time.Time) *exchange {
	random := newRandom(16 + 11 + 12)
	x := &exchange{writer: w, request: r, start: now, requestID: uuid(random[:16]),
		extendedRequestID: base64.StdEncoding.EncodeToString(random[16:27]), sourceIP: r.RemoteAddr}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		x.sourceIP = host
	}
	x.traceID = fmt.Sprintf("Root=1-%08x-%x", now.Unix(), random[27:]) // X-Ray Developer Guide, "Trace ID format"
	// "Important notes for REST APIs": X-HTTP-Method-Override overrides the method, and isn't passed on.
	x.method = r.Method
	if method := strings.ToUpper(r.Header.Get("X-Http-Method-Override")); served(method) {
		x.method = method
	}
	// Measured: slashes before the first segment are one slash to routing and to functions.
	x.path = "/" + strings.TrimLeft(r.URL.EscapedPath(), "/")
	return x
}

// loggedPath is the path as sent. It can't break a line: what is not printable is percent-encoded in it.
func (x *exchange) loggedPath() string { return x.request.URL.EscapedPath() }

// uuid formats 16 random bytes as a version 4 UUID. RFC 9562, section 5.4.
func uuid(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	text := hex.EncodeToString(b)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// methodARN names what is called, for the authorizer and its policy: the request's own path, not its template.
// "Input to an API Gateway Lambda authorizer": arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}/{path}.
func (g *gateway) methodARN(x *exchange) string {
	return "arn:" + template.Partition + ":execute-api:" + g.options.Region + ":" + g.options.AccountID + ":" +
		g.options.APIID + "/" + g.api.StageName + "/" + x.method + x.path
}
