package gateway

import (
	"reflect"
	"testing"

	"sallyport/tools/local/template"
)

func TestTheMostSpecificRouteWithTheMethodIsTaken(t *testing.T) {
	var routes []template.Route
	for _, r := range [][2]string{{"GET", "/{proxy+}"}, {"ANY", "/a/{id}"}, {"GET", "/a/{id}"}, {"GET", "/a/b"}, {"POST", "/a/b"}, {"OPTIONS", "/{proxy+}"},
		{"GET", "/a/{id}/c"}, {"GET", "/"}, {"GET", "/a/{rest+}"}, {"GET", "/x.y_z-1"}} {
		routes = append(routes, template.Route{Method: r[0], Resource: r[1]})
	}
	router := newRouter(routes)
	type parameters = map[string]string
	for _, test := range []struct {
		method, path, wantMethod, want string
		parameters                     parameters
	}{
		{"GET", "/", "GET", "/", nil},
		{"GET", "/a/b", "GET", "/a/b", nil},
		{"GET", "/a/b/", "GET", "/a/b", nil},
		{"POST", "/a/b", "POST", "/a/b", nil},
		{"PUT", "/a/b", "ANY", "/a/{id}", parameters{"id": "b"}},
		{"OPTIONS", "/zzz", "OPTIONS", "/{proxy+}", parameters{"proxy": "zzz"}},
		{"GET", "/a/x", "GET", "/a/{id}", parameters{"id": "x"}},
		{"GET", "/a/x%2Fy", "GET", "/a/{id}", parameters{"id": "x%2Fy"}},
		{"GET", "/a/x/c", "GET", "/a/{id}/c", parameters{"id": "x"}},
		{"GET", "/a/x/d", "GET", "/a/{rest+}", parameters{"rest": "x/d"}},
		{"GET", "/a", "GET", "/{proxy+}", parameters{"proxy": "a"}},
		{"GET", "/b//c/", "GET", "/{proxy+}", parameters{"proxy": "b//c"}},
		{"GET", "/a//c", "GET", "/a/{rest+}", parameters{"rest": "/c"}},
		{"GET", "/A/b", "GET", "/{proxy+}", parameters{"proxy": "A/b"}},
		{"GET", "/x.y_z-1", "GET", "/x.y_z-1", nil},
		{"GET", "/../a/b", "GET", "/{proxy+}", parameters{"proxy": "../a/b"}},
		{"POST", "/", "", "", nil},
		{"POST", "/zzz", "", "", nil},
		{"get", "/a/b", "", "", nil},
		{"TRACE", "/a/x", "", "", nil},
	} {
		got, parameters := router.match(test.method, test.path)
		if got == nil {
			got = &route{}
		}
		if got.Method != test.wantMethod || got.Resource != test.want || !reflect.DeepEqual(parameters, test.parameters) {
			t.Errorf("%s %s: %s %s %v, want %s %s %v", test.method, test.path, got.Method, got.Resource, parameters, test.wantMethod, test.want, test.parameters)
		}
	}
}

func TestResourceIdsTellResourcesApart(t *testing.T) {
	if a, b := resourceID("/a"), resourceID("/b"); a == b || len(a) != 6 || a != resourceID("/a") {
		t.Error(a, b)
	}
}
