package gateway

import (
	"net/http"
	"slices"
	"strings"
)

// dropped are the request headers that never reach a Lambda function. API Gateway Developer Guide, "Important notes for
// REST APIs", table of headers, column Request, lambda. Measured: Content-Length is among them.
func dropped(name string) bool {
	switch name {
	case "Connection", "Content-Length", "Content-Md5", "Expect", "Max-Forwards", "Proxy-Authenticate", "Server", "Te",
		"Trailer", "Transfer-Encoding", "Upgrade", "Www-Authenticate", "X-Http-Method-Override":
		return true
	}
	return false
}

// eventHeaders gives a request's headers as events have them: the last value of each, and all values of each.
// "Set up Lambda proxy integrations", Support for multi-value headers. The gateway adds what the service adds: the
// caller's address at the end of X-Forwarded-For, the scheme and port of its own HTTPS endpoint, and a trace id unless
// the caller sent one.
func (x *exchange) eventHeaders() (last map[string]string, all map[string][]string) {
	h := x.request.Header
	last = make(map[string]string, len(h)+5)
	all = make(map[string][]string, len(h)+5)
	set := func(name string, values ...string) {
		last[name], all[name] = values[len(values)-1], values
	}
	for name, values := range h {
		if len(values) > 0 && !dropped(name) && (name != "Authorization" || !isSigned(values)) {
			set(name, values...)
		}
	}
	set("Host", x.request.Host)
	set("X-Forwarded-For", strings.Join(slices.Concat(h["X-Forwarded-For"], []string{x.sourceIP}), ", "))
	set("X-Forwarded-Port", "443")
	set("X-Forwarded-Proto", "https")
	if !strings.Contains(h.Get("X-Amzn-Trace-Id"), "Root=") {
		set("X-Amzn-Trace-Id", x.traceID)
	}
	return last, all
}

// isSigned tells a Signature Version 4, which the service keeps to itself (the table's note on Authorization).
func isSigned(values []string) bool {
	for _, value := range values {
		if strings.HasPrefix(value, "AWS4-HMAC-SHA256") {
			return true
		}
	}
	return false
}

// headerValues returns every value of a request header. net/http keeps Host apart.
func headerValues(r *http.Request, name string) []string {
	if strings.EqualFold(name, "Host") {
		return []string{r.Host}
	}
	return r.Header.Values(name)
}
