package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"sallyport/tools/local/template"
)

// route is a template's route, with what the router and the event need of it.
type route struct {
	template.Route
	segments   []segment
	resourceID string
}

// segment is one segment of a resource's path. A literal has no name. "Set up a proxy integration with a proxy
// resource": {proxy+} stands for one or more segments.
type segment struct {
	literal, name string
	greedy        bool
}

// router finds the route for a method and path.
type router struct{ routes []*route } // the most specific first

func newRouter(routes []template.Route) *router {
	r := &router{}
	for _, t := range routes {
		compiled := &route{Route: t, resourceID: resourceID(t.Resource)}
		for _, text := range splitPath(t.Resource) {
			s := segment{literal: text}
			if inner, ok := strings.CutPrefix(text, "{"); ok {
				name, greedy := strings.CutSuffix(strings.TrimSuffix(inner, "}"), "+")
				s = segment{name: name, greedy: greedy}
			}
			compiled.segments = append(compiled.segments, s)
		}
		r.routes = append(r.routes, compiled)
	}
	slices.SortStableFunc(r.routes, compareRoutes)
	return r
}

// compareRoutes orders routes by segments from the left: literal, parameter, greedy parameter; and, for one resource,
// the method itself before ANY.
func compareRoutes(a, b *route) int {
	for i := range min(len(a.segments), len(b.segments)) {
		if d := a.segments[i].rank() - b.segments[i].rank(); d != 0 {
			return d
		}
	}
	if d := len(b.segments) - len(a.segments); d != 0 {
		return d
	}
	switch {
	case a.Method != "ANY" && b.Method == "ANY":
		return -1
	case a.Method == "ANY" && b.Method != "ANY":
		return 1
	}
	return 0
}

func (s segment) rank() int {
	switch {
	case s.greedy:
		return 2
	case s.name != "":
		return 1
	}
	return 0
}

// match returns the most specific route that has both the path and the method, and its path parameters (nil if it has
// none). Measured: a less specific resource that has the method is used when a more specific one lacks it; a trailing
// slash makes no difference; parameters are passed on percent-encoded. Local: literals are compared as they are sent,
// so that no second spelling of a path reaches a route.
func (r *router) match(method, path string) (*route, map[string]string) {
	if !served(method) {
		return nil, nil
	}
	segments := splitPath(path)
	for _, candidate := range r.routes {
		if candidate.Method != method && candidate.Method != "ANY" {
			continue
		}
		if candidate.matches(segments) {
			return candidate, candidate.parameters(segments)
		}
	}
	return nil, nil
}

// served are the methods that a resource can have, and that ANY stands for.
func served(method string) bool {
	switch method {
	case "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT":
		return true
	}
	return false
}

func (r *route) matches(path []string) bool {
	for i, s := range r.segments {
		switch {
		case i >= len(path):
			return false
		case s.greedy:
			return true
		case s.name == "" && s.literal != path[i], s.name != "" && path[i] == "":
			return false
		}
	}
	return len(path) == len(r.segments)
}

func (r *route) parameters(path []string) map[string]string {
	var parameters map[string]string
	for i, s := range r.segments {
		if s.name == "" {
			continue
		}
		if parameters == nil {
			parameters = map[string]string{}
		}
		parameters[s.name] = path[i]
		if s.greedy {
			parameters[s.name] = strings.Join(path[i:], "/")
		}
	}
	return parameters
}

// splitPath cuts a path into segments; the root has none.
func splitPath(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// resourceID is a made-up id that is the same in every run.
func resourceID(resource string) string {
	sum := sha256.Sum256([]byte(resource))
	return hex.EncodeToString(sum[:3])
}
