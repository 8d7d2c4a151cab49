package conformance_test

// samRequest are the differences in what functions get.
func samRequest() []difference {
	const headers, routes, bodies, stages, outcomes = "Request headers", "Routing, paths and methods", "Bodies", "Stages", "Authorizer outcomes"
	return []difference{
		{"Paths are decoded before they are matched and handed on: an encoded slash splits a segment, and other spellings of a literal match", map[string]answer{
			routes + "/a parameter stays percent-encoded":    sees("pathParameters.id", `"test+alias@example.com"`, "path", `"/items/test+alias@example.com"`),
			routes + "/an encoded slash is in the parameter": {status: 403, body: `{"message":"Missing Authentication Token"}`},
			routes + "/an encoded letter that is not ASCII":  sees("pathParameters.id", `"é"`),
			routes + "/an encoded letter of a literal":       sees("resource", `"/open"`),
			routes + "/a slash at the end of the rest":       sees("pathParameters.proxy", `"a/"`),
		}},
		{"requestContext.path is the route's template, without the stage", map[string]answer{
			stages + "/the stage is in the context's path alone": sees("requestContext.path", `"/items/{id}"`),
			routes + "/slashes before the path":                  sees("requestContext.path", `"/open"`),
			outcomes + "/the authorizer's event":                 sees("requestContext.authorizer.event.requestContext.path", `"/guarded/{id}"`),
		}},
		{"An Authorization header makes no difference to an unknown route", map[string]answer{
			routes + "/an unknown path with a credential": {status: 403, body: `{"message":"Missing Authentication Token"}`}}},
		{"A route for GET takes HEAD too, and then fails with 502", map[string]answer{routes + "/GET is not HEAD": {status: 502}}},
		{"X-HTTP-Method-Override is not heeded", map[string]answer{routes + "/X-HTTP-Method-Override": sees("httpMethod", `"GET"`, "headers.X-Http-Method-Override", `"POST"`)}},
		{"Several headers of one name, Authorization included, arrive as one, joined by commas", map[string]answer{
			headers + "/several values of one":                                 sees("headers.X-Many", `"a,b"`, "multiValueHeaders.X-Many", `["a,b"]`),
			outcomes + "/duplicate Authorization headers reach the authorizer": sees("requestContext.authorizer.event.headers.Authorization", `"Bearer one,Bearer two"`)}},
		{"Functions see header names in canonical spelling", map[string]answer{headers + "/the spelling of a name": sees("headers.x-oDD-CASE", "", "headers.X-Odd-Case", `"1"`)}},
		{"Headers that AWS keeps from functions arrive", map[string]answer{
			headers + "/a Signature Version 4 is not":        sees("headers.Authorization", `"AWS4-HMAC-SHA256 Credential=x"`),
			headers + "/WWW-Authenticate is not passed on":   sees("headers.Www-Authenticate", `"x"`),
			headers + "/Max-Forwards is not passed on":       sees("headers.Max-Forwards", `"1"`),
			headers + "/Content-MD5 is not passed on":        sees("headers.Content-Md5", `"x"`),
			headers + "/Proxy-Authenticate is not passed on": sees("headers.Proxy-Authenticate", `"x"`),
			headers + "/Server is not passed on":             sees("headers.Server", `"x"`),
			headers + "/TE is not passed on":                 sees("headers.Te", `"trailers"`),
			headers + "/Content-Length is not passed on":     sees("headers.Content-Length", `"1"`),
			headers + "/Connection is not passed on":         sees("headers.Connection", `"close"`)}},
		{"X-Forwarded-For is not added to, and X-Forwarded-Proto and -Port are those of the local server", map[string]answer{
			headers + "/X-Forwarded-For":             sees("headers.X-Forwarded-For", `"192.0.2.9"`),
			headers + "/X-Forwarded-Proto and -Port": sees("headers.X-Forwarded-Proto", `"http"`)}},
		{"requestContext.identity has a made-up userAgent, and lacks accessKey", map[string]answer{
			headers + "/the caller's agent":  sees("requestContext.identity.userAgent", `"Custom User Agent String"`),
			stages + "/the caller is nobody": sees("requestContext.identity.accessKey", "", "requestContext.identity.caller", "null")}},
		{"The caller's request id is not taken over", map[string]answer{headers + "/a request id of the caller's": sees("headers.X-Amzn-Requestid", `"chosen"`)}},
		{"A semicolon in a query is part of the value", map[string]answer{"Query strings/a semicolon splits": sees("queryStringParameters", `{"a":"1;b=2"}`)}},
		{"A body that is no UTF-8 is 502 unless its type is listed by its full name: wildcards such as `audio/*` mean nothing", map[string]answer{
			bodies + "/bytes that are no text, without binary types": samFailure(),
			bodies + "/a binary type by wildcard":                    samFailure(),
			bodies + "/base64 out, accepted by wildcard":             {status: 200, body: "aGk="}}},
	}
}

// samAnswer are the differences in what callers get.
func samAnswer() []difference {
	const functions, headers, bodies, limits = "Answers of functions", "Response headers", "Bodies", "Limits and timeouts"
	untouched := func(name string) answer {
		return answer{status: 200, body: "b", header: map[string]string{"X-Amzn-Remapped-" + name: "", name: "v"}}
	}
	renamed := map[string]answer{}
	for _, name := range []string{"WWW-Authenticate", "Authorization", "User-Agent", "Content-MD5", "Max-Forwards"} {
		renamed[headers+"/"+name+" is renamed"] = untouched(name)
	}
	for _, name := range []string{"Host", "Via", "Proxy-Authenticate"} {
		renamed[headers+"/"+name+" is dropped"] = answer{status: 200, body: "b", header: map[string]string{name: "v"}}
	}
	for _, name := range []string{"Date", "Server", "Connection"} { // its server has its own way with these
		renamed[headers+"/"+name+" is renamed"] = answer{status: 200, body: "b", header: map[string]string{"X-Amzn-Remapped-" + name: ""}}
	}
	renamed[headers+"/Content-Length is renamed"] = answer{status: 200, broken: true, header: map[string]string{"Content-Length": "9"}}
	return []difference{
		{"A function that fails or crashes is 500, not 502", same(samInternalError(), functions, "an error", "a crash")},
		{"Malformed answers of functions are sent on as Python shows them", map[string]answer{
			functions + "/a text in multiValueHeaders": {status: 200, header: map[string]string{"X-A": "a"}},
			functions + "/a list as a header's value":  {status: 200, header: map[string]string{"X-A": "['a']"}},
			functions + "/a body that is an object":    {status: 200, body: "{'a': 1}"},
			headers + "/a boolean":                     {status: 200, header: map[string]string{"X-A": "True"}}}},
		{"No header of a function's answer is renamed or dropped, not even Content-Length", renamed},
		{"Answers name no trace", map[string]answer{headers + "/a function's answer names its trace": {status: 200, header: map[string]string{"X-Amzn-Trace-Id": ""}}}},
		{"Base64 is decoded for any place in Accept, and what does not decode is an empty 200", map[string]answer{
			bodies + "/base64 out, accepted second": {status: 200, body: "hi"},
			bodies + "/base64 out that is none":     {status: 200, header: map[string]string{"Content-Length": "0"}}}},
		{"Headers, URLs and method ARNs may have any length", same(passed(), limits, "header values of more than 10,240 bytes", "a URL of more than 10,240 characters", "a method's ARN over 1,600 bytes")},
		{"What is too large for Lambda is 500, whichever way it goes",
			both(same(samInternalError(), limits, "a body of 10 MB and a byte", "an event over 6 MB", "an answer over 6 MB"), same(samInternalError(), "Gateway responses", "413 can't be customized"))},
		{"No method is throttled", same(passed(), limits, "a method above its rate")},
		{"A function may take as long as its own timeout: there is no limit of 29 s", same(answer{status: 200, body: "late"}, limits, "a function that takes 30 s")},
	}
}
