package template

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// gatewayResponses reads GatewayResponses. AWS SAM Developer Guide, AWS::Serverless::Api, "GatewayResponses".
func (d *document) gatewayResponses(r *resource, n *yaml.Node) (map[string]GatewayResponse, error) {
	m, err := d.mapping(r.id, "GatewayResponses", n)
	if err != nil {
		return nil, err
	}
	responses := make(map[string]GatewayResponse, len(m.entries))
	for _, e := range m.entries {
		if !isResponseType(e.key.Value) {
			return nil, d.fault(e.key, r.id, fmt.Sprintf("GatewayResponses has %s, which is not a response type", e.key.Value), "use one of API Gateway's response types")
		}
		if responses[e.key.Value], err = d.gatewayResponse(r, e); err != nil {
			return nil, err
		}
	}
	return responses, nil
}

func (d *document) gatewayResponse(r *resource, e entry) (GatewayResponse, error) {
	var g GatewayResponse
	what := "GatewayResponses." + e.key.Value
	m, err := d.mapping(r.id, what, e.value)
	if err != nil {
		return g, err
	}
	if err := d.only(r.id, what, m, "StatusCode", "ResponseParameters", "ResponseTemplates"); err != nil {
		return g, err
	}
	if n := m.get("StatusCode"); n != nil {
		if g.StatusCode, err = d.number(r.id, what+".StatusCode", n, 200, 599); err != nil {
			return g, err
		}
	}
	parameters, err := d.mapping(r.id, what+".ResponseParameters", m.get("ResponseParameters"))
	if err != nil {
		return g, err
	}
	if err := d.only(r.id, what+".ResponseParameters", parameters, "Headers"); err != nil {
		return g, err
	}
	if g.Headers, err = d.responseHeaders(r, what, parameters.get("Headers")); err != nil {
		return g, err
	}
	g.Templates, err = d.responseBodies(r, what, m.get("ResponseTemplates"))
	return g, err
}

// responseHeaders reads mapping expressions by header.
func (d *document) responseHeaders(r *resource, what string, n *yaml.Node) (map[string]string, error) {
	headers, err := d.mapping(r.id, what+".ResponseParameters.Headers", n)
	if err != nil {
		return nil, err
	}
	expressions := make(map[string]string, len(headers.entries))
	for _, header := range headers.entries {
		expression, err := d.text(r.id, "the header "+header.key.Value, header.value)
		if err != nil {
			return nil, err
		}
		if err := CheckHeaderMapping(expression); err != nil {
			return nil, d.fault(header.value, r.id, fmt.Sprintf("%s: the header %s: %v", what, header.key.Value, err), "write a literal as \"'value'\"")
		}
		expressions[header.key.Value] = expression
	}
	return expressions, nil
}

// responseBodies reads body templates by content type.
func (d *document) responseBodies(r *resource, what string, n *yaml.Node) (map[string]string, error) {
	templates, err := d.mapping(r.id, what+".ResponseTemplates", n)
	if err != nil {
		return nil, err
	}
	bodies := make(map[string]string, len(templates.entries))
	for _, body := range templates.entries {
		text, err := d.text(r.id, what+".ResponseTemplates", body.value)
		if err != nil {
			return nil, err
		}
		if err := CheckBodyTemplate(text); err != nil {
			return nil, d.fault(body.value, r.id, fmt.Sprintf("%s: %v", what, err), "use "+strings.Join(ContextVariables(), ", ")+" or $context.authorizer.<key>")
		}
		bodies[body.key.Value] = text
	}
	return bodies, nil
}

// isResponseType lists API Gateway's response types. API Gateway Developer Guide, "Gateway response types".
func isResponseType(name string) bool {
	switch name {
	case "ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE",
		"BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX", "DEFAULT_5XX", "EXPIRED_TOKEN", "INTEGRATION_FAILURE",
		"INTEGRATION_TIMEOUT", "INVALID_API_KEY", "INVALID_SIGNATURE", "MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED",
		"REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "THROTTLED", "UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED":
		return true
	}
	return false
}
