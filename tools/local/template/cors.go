package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// anyOrigin is what SAM allows if Cors names no origin.
const anyOrigin = "'*'"

// preflights gives the OPTIONS method that Cors adds to every resource that has none. AWS SAM Developer Guide,
// AWS::Serverless::Api, "Cors", and "CorsConfiguration".
func (d *document) preflights(r *resource, n *yaml.Node, auth apiAuth, a API) ([]Route, error) {
	headers, err := d.corsHeaders(r, n)
	if err != nil || headers == nil {
		return nil, err
	}
	if slices.Contains(a.BinaryMediaTypes, "*/*") {
		return nil, d.fault(n, r.id, "Cors does not go with the binary media type */*: API Gateway takes the preflight's empty body for binary, which SAM's mock integration can't read, and answers 500",
			"list the binary types one by one, or answer OPTIONS from a function")
	}
	var preflights []Route
	methods := methodsByResource(a.Routes)
	for _, resource := range slices.Sorted(maps.Keys(methods)) {
		if slices.Contains(methods[resource], "OPTIONS") {
			continue
		}
		own := maps.Clone(headers)
		if own["Access-Control-Allow-Methods"] == "" {
			own["Access-Control-Allow-Methods"] = allowedMethods(methods[resource])
		}
		preflights = append(preflights, Route{Method: "OPTIONS", Resource: resource, Authorized: auth.decides("OPTIONS"),
			Line: n.Line, Preflight: &Preflight{Headers: own}})
	}
	return preflights, nil
}

// methodsByResource lists the methods of each resource.
func methodsByResource(routes []Route) map[string][]string {
	methods := map[string][]string{}
	for _, route := range routes {
		methods[route.Resource] = append(methods[route.Resource], route.Method)
	}
	return methods
}

// allowedMethods is what SAM puts in for AllowMethods where it is not set: the resource's methods and OPTIONS, sorted;
// for ANY, all methods that there are.
func allowedMethods(methods []string) string {
	all := append(slices.Clone(methods), "OPTIONS")
	if slices.Contains(methods, "ANY") {
		all = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ",")
}

// corsHeaders reads Cors, an origin or a mapping, as the headers of a preflight's answer. They are nil without Cors.
func (d *document) corsHeaders(r *resource, n *yaml.Node) (map[string]string, error) {
	if isNull(n) || n.Kind == yaml.ScalarNode && (n.Value == "" || n.Value == "false") {
		return nil, nil
	}
	headers := map[string]string{"Access-Control-Allow-Origin": strings.Trim(anyOrigin, "'")}
	if n.Kind == yaml.ScalarNode {
		return headers, d.corsHeader(r, headers, "Access-Control-Allow-Origin", "Cors", n)
	}
	m, err := d.mapping(r.id, "Cors", n)
	if err != nil {
		return nil, err
	}
	if err := d.only(r.id, "Cors", m, "AllowOrigin", "AllowMethods", "AllowHeaders", "MaxAge", "AllowCredentials"); err != nil {
		return nil, err
	}
	for property, header := range map[string]string{"AllowOrigin": "Access-Control-Allow-Origin", "AllowMethods": "Access-Control-Allow-Methods",
		"AllowHeaders": "Access-Control-Allow-Headers", "MaxAge": "Access-Control-Max-Age"} {
		if value := m.get(property); value != nil {
			if err := d.corsHeader(r, headers, header, "Cors."+property, value); err != nil {
				return nil, err
			}
		}
	}
	if value := m.get("AllowCredentials"); value != nil {
		return headers, d.allowCredentials(r, headers, value)
	}
	return headers, nil
}

// corsHeader sets a header from a mapping expression. Only literals are known here.
func (d *document) corsHeader(r *resource, headers map[string]string, header, what string, n *yaml.Node) error {
	expression, err := d.text(r.id, what, n)
	if err != nil {
		return err
	}
	if len(expression) < 3 || !strings.HasPrefix(expression, "'") || CheckHeaderMapping(expression) != nil {
		return d.fault(n, r.id, fmt.Sprintf("%s is %q, which is not a literal in single quotes", what, expression), "write it as \"'value'\"")
	}
	headers[header] = strings.TrimSuffix(strings.TrimPrefix(expression, "'"), "'")
	return nil
}

// allowCredentials adds the header if n is true. SAM refuses credentials for any origin.
func (d *document) allowCredentials(r *resource, headers map[string]string, n *yaml.Node) error {
	allow, err := d.boolean(r.id, "Cors.AllowCredentials", n)
	if err != nil || !allow {
		return err
	}
	if headers["Access-Control-Allow-Origin"] == strings.Trim(anyOrigin, "'") {
		return d.fault(n, r.id, "Cors.AllowCredentials is true while any origin is allowed", "name the origin in AllowOrigin: SAM refuses the two together")
	}
	headers["Access-Control-Allow-Credentials"] = "true"
	return nil
}
