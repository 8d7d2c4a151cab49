package gateway

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// render fills in a body template. Values are put in as they are, as the service does: only
// $context.error.messageString is quoted. A variable that is unknown, or has no value, is empty; template.Load refuses
// unknown ones.
func (g *gateway) render(x *exchange, f *failure, parts []part) string {
	var text strings.Builder
	for _, p := range parts {
		text.WriteString(p.text)
		if p.variable != "" {
			text.WriteString(g.variable(x, f, p.variable))
		}
	}
	return text.String()
}

// expression evaluates a header's mapping expression. "Set up a gateway response for a REST API using the API Gateway
// console": method.request.header, querystring and path, and context variables.
func (g *gateway) expression(x *exchange, f *failure, expression string) string {
	if name, ok := strings.CutPrefix(expression, "method.request.header."); ok {
		return x.request.Header.Get(name)
	}
	if name, ok := strings.CutPrefix(expression, "method.request.querystring."); ok {
		last, _ := parseQuery(x.request.URL.RawQuery)
		return last[name]
	}
	if name, ok := strings.CutPrefix(expression, "method.request.path."); ok {
		return x.pathParameters[name]
	}
	return g.variable(x, f, "$"+expression)
}

// variable gives a $context variable's value. "Variables for data transformations for API Gateway".
func (g *gateway) variable(x *exchange, f *failure, name string) string {
	switch name {
	case "$context.accountId":
		return g.options.AccountID
	case "$context.apiId":
		return g.options.APIID
	case "$context.domainName":
		return x.request.Host
	case "$context.domainPrefix":
		prefix, _, _ := strings.Cut(x.request.Host, ".")
		return prefix
	case "$context.error.message":
		return f.message
	case "$context.error.messageString":
		return f.messageString()
	case "$context.error.responseType":
		return f.kind
	case "$context.extendedRequestId":
		return x.extendedRequestID
	case "$context.httpMethod":
		return x.method
	case "$context.identity.sourceIp":
		return x.sourceIP
	case "$context.identity.userAgent":
		return x.request.UserAgent()
	case "$context.path":
		return g.contextPath(x)
	case "$context.protocol":
		return x.request.Proto
	case "$context.requestId":
		return x.requestID
	case "$context.requestTime":
		return x.start.UTC().Format(clfTime)
	case "$context.requestTimeEpoch":
		return strconv.FormatInt(x.start.UnixMilli(), 10)
	case "$context.resourceId":
		if x.route != nil {
			return x.route.resourceID
		}
	case "$context.resourcePath":
		if x.route != nil {
			return x.route.Resource
		}
	case "$context.stage":
		return g.api.StageName
	}
	if key, ok := strings.CutPrefix(name, "$context.authorizer."); ok {
		switch value := x.authorizer[key].(type) {
		case string:
			return value
		case int64:
			return strconv.FormatInt(value, 10)
		}
	}
	return ""
}

// messageString is the message as JSON.
func (f *failure) messageString() string {
	if f.noMessage {
		return "null"
	}
	text, err := json.Marshal(f.message, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return "null" // can't be: a string always has a JSON form
	}
	return string(text)
}
