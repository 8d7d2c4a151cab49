package openapi

import "strings"

// Route is an operation with where it is.
type Route struct {
	Method string // in capitals
	Path   string // the template: /sessions/{session_id}
	Operation
}

// String returns the method and the path.
func (r Route) String() string { return r.Method + " " + r.Path }

// Routes returns all operations in the order of the file.
func (d *Document) Routes() []Route {
	var all []Route
	for _, path := range d.Paths {
		for _, method := range path.Value {
			all = append(all, Route{Method: strings.ToUpper(method.Name), Path: path.Name, Operation: method.Value})
		}
	}
	return all
}

// Route returns the operation that a request is for, and false if none is. A segment in braces stands for any one that is not
// empty; a path spelt out goes before one with braces, as at the gateway.
func (d *Document) Route(method, path string) (Route, bool) {
	var found Route
	ok := false
	for _, route := range d.Routes() {
		if route.Method != method || !matches(route.Path, path) {
			continue
		}
		if !ok || strings.Count(route.Path, "{") < strings.Count(found.Path, "{") {
			found, ok = route, true
		}
	}
	return found, ok
}

func matches(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && (!strings.HasPrefix(want[i], "{") || got[i] == "") {
			return false
		}
	}
	return true
}

// Access is who may call an operation.
type Access struct {
	Scheme string // the name of the security scheme
	Roles  []string
}

// Access returns who may call the operation, one for each scheme in order; none if anybody may.
func (o Operation) Access() []Access {
	var all []Access
	for _, requirement := range o.Security {
		for scheme, roles := range requirement {
			if i := len(all) - 1; i >= 0 && all[i].Scheme == scheme {
				all[i].Roles = append(all[i].Roles, roles...)
			} else {
				all = append(all, Access{scheme, roles})
			}
		}
	}
	return all
}
