package conformance_test

import "net/http"

func routeRows() []row {
	plain := func(name string, cites source, send request, want answer) row {
		return row{name: name, cites: cites, api: "plain", send: send, want: want}
	}
	found := func(members ...string) answer {
		event := map[string]string{}
		for i := 0; i+1 < len(members); i += 2 {
			event[members[i]] = members[i+1]
		}
		return answer{status: http.StatusOK, event: event}
	}
	const parameters = "pathParameters"
	unsupported, proxyResource := responseType("MISSING_AUTHENTICATION_TOKEN"), guide("api-gateway-set-up-simple-proxy", "Proxy resources")
	recorded := measured("test_apigateway_lambda.snapshot.json", "path and path parameters")
	literal := chosen("whether a literal is compared decoded; tools/local compares what is sent")
	router := func(says string) source {
		return reported("https://github.com/localstack/localstack/blob/main/localstack-core/localstack/services/apigateway/next_gen/execute_api/handlers/resource_router.py", says)
	}
	changed := method("PATCH", "/items/7").with("Content-Type", "application/json")
	changed.body = `{"role":"ADMIN"}`
	signature := answer{status: 403, kind: "IncompleteSignature", body: `{"message":"Invalid key=value pair (missing equal-sign) in Authorization header…`}
	return []row{
		plain("an unknown path", unsupported, get("/nothing"), unknownRoute()),
		plain("an unknown method", measured("test_apigateway_common.snapshot.json", "wrong method"), method("DELETE", "/open"), unknownRoute()),
		plain("an unknown path with a credential", responseType("INVALID_SIGNATURE"), get("/nothing").with("Authorization", "Bearer x"), signature),
		plain("the root", proxyResource, get("/"), found("resource", `"/"`, "path", `"/"`, parameters, "null")),
		plain("one of several methods of a path", guide("how-to-method-settings", "Methods"), posted("x"), found("httpMethod", `"POST"`)),
		plain("a literal before a parameter", proxyResource, get("/items/special"), found("resource", `"/items/special"`, parameters, "null")),
		plain("a parameter", proxy("pathParameters"), get("/items/7"), found("resource", `"/items/{id}"`, parameters, `{"id":"7"}`)),
		plain("two parameters", proxy("pathParameters"), get("/items/7/parts/8"), found(parameters, `{"id":"7","part":"8"}`)),
		plain("a parameter stays percent-encoded", recorded, get("/items/test%2Balias@example.com"), found(parameters, `{"id":"test%2Balias@example.com"}`, "path", `"/items/test%2Balias@example.com"`)),
		plain("an encoded slash is in the parameter", recorded, get("/items/a%2Fb"), found(parameters, `{"id":"a%2Fb"}`, "path", `"/items/a%2Fb"`)),
		plain("an encoded letter that is not ASCII", recorded, get("/items/%C3%A9"), found(parameters, `{"id":"%C3%A9"}`)),
		plain("a plus sign stays", recorded, get("/items/a+b"), found(parameters, `{"id":"a+b"}`)),
		plain("the rest of the path", proxyResource, get("/files/a/b/c.txt"), found("resource", `"/files/{proxy+}"`, parameters, `{"proxy":"a/b/c.txt"}`)),
		plain("two slashes within the rest", recorded, get("/files/a//b"), found(parameters, `{"proxy":"a//b"}`, "path", `"/files/a//b"`)),
		plain("a slash at the end of the rest", recorded, get("/files/a/"), found(parameters, `{"proxy":"a"}`, "path", `"/files/a/"`)),
		plain("no rest", proxyResource, get("/files"), unknownRoute()),
		plain("an empty parameter", chosen("a parameter without a value"), get("/items/"), unknownRoute()),
		plain("a less specific resource that has the method", measured("test_apigateway_common.py", "a sibling with the method"), method("PUT", "/files/own"), found("resource", `"/files/{proxy+}"`, parameters, `{"proxy":"own"}`)),
		plain("a slash at the end", router("slashes at the end are ignored"), get("/open/"), found("resource", `"/open"`)),
		plain("slashes before the path", recorded, get("//open"), found("resource", `"/open"`, "path", `"/open"`, "requestContext.path", `"/plain//open"`)),
		plain("the path in another case", literal, get("/Open"), unknownRoute()),
		plain("an encoded letter of a literal", literal, get("/op%65n"), unknownRoute()),
		plain("DELETE with a parameter", guide("how-to-method-settings", "DELETE"), method("DELETE", "/items/7?all=1&all=2"), found("httpMethod", `"DELETE"`, "resource", `"/items/{id}"`, parameters, `{"id":"7"}`, "multiValueQueryStringParameters", `{"all":["1","2"]}`, "body", "null")),
		plain("PATCH with a body", guide("how-to-method-settings", "PATCH"), changed, found("httpMethod", `"PATCH"`, parameters, `{"id":"7"}`, "body", `"{\"role\":\"ADMIN\"}"`)),
		plain("any method", guide("api-gateway-set-up-simple-proxy", "ANY method"), method("PATCH", "/any"), found("httpMethod", `"PATCH"`)),
		plain("a method that none can have", guide("how-to-method-settings", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"), method("TRACE", "/any"), unknownRoute()),
		plain("HEAD", guide("how-to-method-settings", "HEAD"), method("HEAD", "/open").answered(`{"statusCode":200,"headers":{"X-Method":"head"},"body":"left out"}`), answer{status: 200, header: map[string]string{"X-Method": "head"}}),
		plain("GET is not HEAD", router("a route for GET does not answer HEAD"), method("HEAD", "/guarded"), answer{status: 403, kind: "MissingAuthenticationToken"}),
		plain("OPTIONS of a function", guide("how-to-method-settings", "OPTIONS"), method("OPTIONS", "/open"), found("httpMethod", `"OPTIONS"`)),
		plain("X-HTTP-Method-Override", notes("X-HTTP-Method-Override overrides the method"), get("/open").with("X-HTTP-Method-Override", "POST"), found("httpMethod", `"POST"`, "headers.X-Http-Method-Override", "")),
	}
}
