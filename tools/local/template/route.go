package template

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// routes reads the events of type Api of every function, in template order.
func (d *document) routes(api *resource, auth apiAuth) ([]Route, error) {
	var routes []Route
	for _, r := range d.created() {
		if r.kind != typeFunction {
			continue
		}
		m, err := d.withGlobals(r, "Function", "Events")
		if err != nil {
			return nil, err
		}
		events, err := d.mapping(r.id, "Events", m.get("Events"))
		if err != nil {
			return nil, err
		}
		for _, e := range events.entries {
			route, served, err := d.event(r, e, api, auth)
			if err != nil {
				return nil, err
			}
			if served {
				routes = append(routes, route)
			}
		}
	}
	if len(routes) == 0 {
		return nil, d.fault(&yaml.Node{Line: api.line}, api.id, "no function has an event of type Api", "give a function a route")
	}
	slices.SortStableFunc(routes, func(a, b Route) int { return cmp.Compare(a.Line, b.Line) })
	return routes, d.checkRoutes(routes)
}

// event reads one event of a function. Events that no HTTP request triggers are not served.
func (d *document) event(r *resource, e entry, api *resource, auth apiAuth) (Route, bool, error) {
	route := Route{FunctionID: r.id, Line: e.key.Line}
	what := "the event " + e.key.Value
	event, err := d.mapping(r.id, what, e.value)
	if err != nil {
		return route, false, err
	}
	kind, err := d.required(r.id, what, event, "Type", e.key)
	if err != nil {
		return route, false, err
	}
	if kind == "HttpApi" {
		return route, false, d.fault(e.key, r.id, what+" is of type HttpApi", "use the type Api: the local run serves REST APIs")
	}
	if kind != "Api" {
		return route, false, nil
	}
	m, err := d.mapping(r.id, what, event.get("Properties"))
	if err != nil {
		return route, false, err
	}
	if err := d.only(r.id, what, m, "Path", "Method", "RestApiId", "Auth"); err != nil {
		return route, false, err
	}
	if n := m.get("RestApiId"); n == nil || n.Value != d.physical(api) {
		return route, false, d.fault(e.key, r.id, what+" does not belong to the API "+api.id, "add RestApiId: !Ref "+api.id)
	}
	if route.Method, err = d.method(r, what, e, m.get("Method")); err != nil {
		return route, false, err
	}
	if route.Resource, err = d.path(r, what, e, m.get("Path")); err != nil {
		return route, false, err
	}
	route.Authorized, err = d.authorized(r, what, route.Method, m.get("Auth"), auth)
	return route, true, err
}

func (d *document) method(r *resource, what string, e entry, n *yaml.Node) (string, error) {
	if n == nil {
		return "", d.fault(e.key, r.id, what+" has no Method", "add one")
	}
	switch method := strings.ToUpper(n.Value); method {
	case "ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT":
		return method, nil
	}
	return "", d.fault(n, r.id, fmt.Sprintf("%s has the method %q", what, n.Value), "use get, post, put, patch, delete, head, options or any")
}

// path reads a resource's path: segments of plain characters, {name}, and as the last one {name+}.
// API Gateway Developer Guide, "Important notes", OpenAPI exceptions: path segments.
func (d *document) path(r *resource, what string, e entry, n *yaml.Node) (string, error) {
	if n == nil {
		return "", d.fault(e.key, r.id, what+" has no Path", "add one")
	}
	valid := regexp.MustCompile(`^(/|(/([a-zA-Z0-9_.,:-]+|\{[a-zA-Z0-9_.,:-]+\}))*(/\{[a-zA-Z0-9_.,:-]+\+\})?)$`)
	if n.Value == "" || !valid.MatchString(n.Value) {
		return "", d.fault(n, r.id, fmt.Sprintf("%s has the path %q", what, n.Value), "write /a/b, /a/{name} or /a/{name+}, without a slash at the end")
	}
	return n.Value, nil
}

// authorized says whether the authorizer decides for a route. AWS SAM Developer Guide, "ApiFunctionAuth".
func (d *document) authorized(r *resource, what, method string, n *yaml.Node, auth apiAuth) (bool, error) {
	m, err := d.mapping(r.id, what+"'s Auth", n)
	if err != nil {
		return false, err
	}
	if err := d.only(r.id, what+"'s Auth", m, "Authorizer"); err != nil {
		return false, err
	}
	if m.get("Authorizer") == nil {
		return auth.decides(method), nil
	}
	name, err := d.text(r.id, what+"'s Authorizer", m.get("Authorizer"))
	if err != nil {
		return false, err
	}
	if name == noAuthorizer {
		return false, nil
	}
	if auth.authorizer == nil || name != auth.authorizer.Name {
		return false, d.fault(m.get("Authorizer"), r.id, fmt.Sprintf("%s names the authorizer %q, which the API does not have", what, name), "declare it under Auth.Authorizers, or correct the name")
	}
	return true, nil
}

// checkRoutes refuses two routes for one method of one resource, and two names for one path parameter, as deploying
// them would.
func (d *document) checkRoutes(routes []Route) error {
	first, names := map[string]Route{}, map[string]string{}
	for _, route := range routes {
		site := &yaml.Node{Line: route.Line}
		key := route.Method + " " + route.Resource
		if other, ok := first[key]; ok {
			return d.fault(site, route.FunctionID, fmt.Sprintf("the route %s is already %s's, at line %d", key, other.FunctionID, other.Line), "remove one of the two")
		}
		first[key] = route
		parent := ""
		for _, segment := range strings.Split(route.Resource, "/")[1:] {
			if strings.HasPrefix(segment, "{") {
				sibling := parent + "/" + map[bool]string{true: "{+}", false: "{}"}[strings.HasSuffix(segment, "+}")]
				if other, ok := names[sibling]; ok && other != segment {
					return d.fault(site, route.FunctionID, fmt.Sprintf("the path parameter %s has a sibling %s", segment, other), "give both the same name")
				}
				names[sibling] = segment
			}
			parent += "/" + segment
		}
	}
	return nil
}
