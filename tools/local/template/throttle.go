package template

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// Throttle is how many requests a route takes from all callers together. API Gateway Developer Guide, "Throttle requests to your REST
// APIs": a token bucket.
type Throttle struct {
	Rate  int // tokens a second
	Burst int // the bucket's size
}

// maxThrottle is far above what an account may have.
const maxThrottle = 1 << 20

// methodThrottle is one of MethodSettings.
type methodThrottle struct {
	resource, method string // /* and * stand for all
	Throttle
}

// throttle gives each route the limits of the setting that is nearest to it. API Gateway API Reference, Stage, methodSettings: by
// resource and method, or for all of the stage.
func (d *document) throttle(r *resource, n *yaml.Node, routes []Route) error {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		return d.fault(n, r.id, "MethodSettings is not a list", "write one setting a line, with a hyphen")
	}
	var all []methodThrottle
	for _, item := range n.Content {
		setting, limits, err := d.methodThrottle(r, item)
		if err != nil {
			return err
		}
		if limits {
			all = append(all, setting)
		}
	}
	for i := range routes {
		nearest := -1
		for _, setting := range all {
			if near := setting.near(routes[i]); near > nearest {
				nearest, routes[i].Throttle = near, &setting.Throttle
			}
		}
	}
	return nil
}

// methodThrottle reads one setting, and reports whether it limits anything.
func (d *document) methodThrottle(r *resource, n *yaml.Node) (s methodThrottle, limits bool, err error) {
	const what = "a setting of MethodSettings"
	m, err := d.mapping(r.id, what, n)
	if err != nil {
		return s, false, err
	}
	path, err := d.required(r.id, what, m, "ResourcePath", n)
	if err != nil {
		return s, false, err
	}
	s.resource = "/" + strings.ReplaceAll(strings.TrimPrefix(path, "/"), "~1", "/")
	s.resource = strings.Replace(s.resource, "//", "/", 1) // /~1things is the resource /things
	if s.method, err = d.required(r.id, what, m, "HttpMethod", n); err != nil {
		return s, false, err
	}
	if m.get("ThrottlingRateLimit") == nil || m.get("ThrottlingBurstLimit") == nil {
		return s, false, nil
	}
	if s.Rate, err = d.number(r.id, "ThrottlingRateLimit", m.get("ThrottlingRateLimit"), 0, maxThrottle); err != nil {
		return s, false, fmt.Errorf("MethodSettings: %w", err)
	}
	if s.Burst, err = d.number(r.id, "ThrottlingBurstLimit", m.get("ThrottlingBurstLimit"), 0, maxThrottle); err != nil {
		return s, false, fmt.Errorf("MethodSettings: %w", err)
	}
	return s, true, nil
}

// near says how closely the setting is about a route, -1 for not at all.
func (s methodThrottle) near(route Route) int {
	near := 0
	switch s.resource {
	case route.Resource:
		near += 2
	case "/*":
	default:
		return -1
	}
	switch s.method {
	case route.Method:
		near++
	case "*":
	default:
		return -1
	}
	return near
}
