package gateway

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"sallyport/tools/local/template"
)

// customResponse is a gateway response that the API configures.
type customResponse struct {
	status  int // 0: the type's own
	headers map[string]headerMapping
	bodies  map[string][]part // by content type
}

// headerMapping is a literal, or the expression that gives the value.
type headerMapping struct{ literal, expression string }

// part of a body template: text, and the variable behind it.
type part struct{ text, variable string }

func compileResponses(configured map[string]template.GatewayResponse) map[string]customResponse {
	compiled := make(map[string]customResponse, len(configured))
	for kind, c := range configured {
		r := customResponse{status: c.StatusCode, headers: map[string]headerMapping{}, bodies: map[string][]part{}}
		for name, expression := range c.Headers {
			m := headerMapping{expression: expression}
			if strings.HasPrefix(expression, "'") {
				m = headerMapping{literal: strings.TrimSuffix(strings.TrimPrefix(expression, "'"), "'")}
			}
			r.headers[name] = m
		}
		for contentType, body := range c.Templates {
			r.bodies[contentType] = compileBody(body)
		}
		compiled[kind] = r
	}
	return compiled
}

func compileBody(body string) []part {
	var parts []part
	end := 0
	for _, at := range template.BodyVariable().FindAllStringIndex(body, -1) {
		parts = append(parts, part{body[end:at[0]], body[at[0]:at[1]]})
		end = at[1]
	}
	return append(parts, part{text: body[end:]})
}

// gatewayResponse is the response to a failure. "Gateway response types": a type that the API doesn't configure falls
// back to DEFAULT_4XX or DEFAULT_5XX, whose status code, if it has one, replaces the type's own. A type that is
// configured takes nothing from them.
func (g *gateway) gatewayResponse(x *exchange, f *failure) response {
	custom, configured := g.responses[f.kind]
	if !configured {
		fallback := default4XX
		if f.status >= 500 {
			fallback = default5XX
		}
		custom, configured = g.responses[fallback]
	}
	// "Important notes for REST APIs": customizing the response for 413 REQUEST_TOO_LARGE is not supported.
	if f.kind == "REQUEST_TOO_LARGE" {
		custom, configured = customResponse{}, false
	}
	r := response{status: f.status, header: http.Header{}}
	if custom.status != 0 {
		r.status = custom.status
	}
	contentType, parts := custom.body(x.request.Header.Get("Accept"))
	switch {
	case parts != nil:
		r.body = []byte(g.render(x, f, parts))
	case f.kind == "ACCESS_DENIED" && !configured: // Measured: a capital, in this type alone
		r.body = []byte(`{"Message":` + f.messageString() + `}`)
	default:
		r.body = []byte(`{"message":` + f.messageString() + `}`)
	}
	r.header.Set("Content-Type", contentType)
	r.header.Set("X-Amzn-Errortype", f.errorType)
	for name, m := range custom.headers {
		value := m.literal
		if m.expression != "" {
			value = g.expression(x, f, m.expression)
		}
		r.header.Set(name, value)
	}
	return r
}

// body chooses a body template. The guide does not say how; the first media type of Accept ("API Gateway only honors
// the first Accept media type") is tried, then application/json, then what there is. The template's content type is
// the response's, unless a header mapping sets Content-Type.
func (c customResponse) body(accept string) (contentType string, parts []part) {
	first, _, _ := strings.Cut(accept, ",")
	first, _, _ = strings.Cut(first, ";")
	candidates := append([]string{strings.TrimSpace(first), "application/json"}, slices.Sorted(maps.Keys(c.bodies))...)
	for _, candidate := range candidates {
		if parts, ok := c.bodies[candidate]; ok {
			return candidate, parts
		}
	}
	return "application/json", nil
}
