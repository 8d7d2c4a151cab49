package template

import (
	"reflect"
	"strings"
	"testing"
)

// withRoutes is a template whose API has the given properties, a resource with two methods, one with ANY and one with
// its own OPTIONS.
func withRoutes(api string) string {
	return strings.Replace(strings.Replace(smallest, "{StageName: prod}", api, 1), "        Get: ", `        Put: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /hello, Method: put}}
        All: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /all, Method: any}}
        Own: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /own, Method: options}}
        Get: `, 1)
}

func TestCorsAddsAnOptionsMethodToEveryResourceThatHasNone(t *testing.T) {
	const auth = ", Auth: {DefaultAuthorizer: A, Authorizers: {A: {FunctionPayloadType: REQUEST, FunctionArn: !GetAtt Hello.Arn, Identity: {Headers: [X]}}}"
	type headers = map[string]string
	for _, test := range []struct {
		name, api   string
		hello, all  headers // of the preflights of /hello and /all
		authorized  bool    // the preflights
		ownIsToo    bool    // the function's own OPTIONS
		nonePlanned bool
	}{
		{name: "no Cors", api: "{StageName: prod}", nonePlanned: true},
		{name: "Cors turned off", api: "{StageName: prod, Cors: false}", nonePlanned: true},
		{name: "an origin", api: `{StageName: prod, Cors: "'https://a.example'"}`,
			hello: headers{"Access-Control-Allow-Origin": "https://a.example", "Access-Control-Allow-Methods": "GET,OPTIONS,PUT"},
			all:   headers{"Access-Control-Allow-Origin": "https://a.example", "Access-Control-Allow-Methods": "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"}},
		{name: "all of it", api: `{StageName: prod, Cors: {AllowOrigin: "'https://a.example'", AllowMethods: "'GET'", AllowHeaders: "'A,B'", MaxAge: "'600'", AllowCredentials: true}}`,
			hello: headers{"Access-Control-Allow-Origin": "https://a.example", "Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": "A,B", "Access-Control-Max-Age": "600", "Access-Control-Allow-Credentials": "true"},
			all:   headers{"Access-Control-Allow-Origin": "https://a.example", "Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": "A,B", "Access-Control-Max-Age": "600", "Access-Control-Allow-Credentials": "true"}},
		{name: "no origin is any, and no credentials no header", api: `{StageName: prod, Cors: {AllowMethods: "'GET'", AllowCredentials: false}}`,
			hello: headers{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET"}, all: headers{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET"}},
		{name: "behind the default authorizer", api: `{StageName: prod, Cors: {AllowMethods: "'GET'"}` + auth + "}}",
			hello: headers{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET"}, all: headers{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET"},
			authorized: true, ownIsToo: true},
		{name: "before the default authorizer", api: `{StageName: prod, Cors: {AllowMethods: "'GET'"}` + auth + ", AddDefaultAuthorizerToCorsPreflight: false}}",
			hello: headers{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET"}, all: headers{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			routes := load(t, withRoutes(test.api), Options{}).API.Routes
			preflights := map[string]Route{}
			for _, route := range routes {
				if route.Preflight != nil {
					preflights[route.Resource] = route
				}
				if route.Resource == "/own" && route.Authorized != test.ownIsToo {
					t.Errorf("the function's own OPTIONS: %+v", route)
				}
			}
			if test.nonePlanned {
				if len(preflights) != 0 {
					t.Errorf("%+v", preflights)
				}
				return
			}
			if len(preflights) != 2 {
				t.Fatalf("%+v", preflights)
			}
			for resource, want := range map[string]headers{"/hello": test.hello, "/all": test.all} {
				got := preflights[resource]
				if got.Method != "OPTIONS" || got.FunctionID != "" || got.Authorized != test.authorized || got.Line == 0 || !reflect.DeepEqual(got.Preflight.Headers, want) {
					t.Errorf("%s: %+v %v, want %v", resource, got, got.Preflight.Headers, want)
				}
			}
		})
	}
}

func TestStageVariablesAndBinaryMediaTypesAreRead(t *testing.T) {
	api := load(t, strings.Replace(smallest, "{StageName: prod}", `{StageName: prod, Variables: {backend: "https://b.example/?a=1&b=2", flag: on}, BinaryMediaTypes: [image~1png, "application/x.y+z", video~1*]}`, 1), Options{}).API
	if want := map[string]string{"backend": "https://b.example/?a=1&b=2", "flag": "on"}; !reflect.DeepEqual(api.StageVariables, want) {
		t.Errorf("stage variables %v", api.StageVariables)
	}
	if want := []string{"image/png", "application/x.y+z", "video/*"}; !reflect.DeepEqual(api.BinaryMediaTypes, want) {
		t.Errorf("binary media types %v", api.BinaryMediaTypes)
	}
}
