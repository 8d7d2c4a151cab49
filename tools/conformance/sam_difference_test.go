package conformance_test

// samDifferences are what sam local start-api answers otherwise than AWS, as SAM CLI 1.170.0 does. Another release may
// answer otherwise: the test says so, and the list follows.
func samDifferences() []difference {
	var all []difference
	for _, part := range [][]difference{samAuthorizer(), samConfiguration(), samRequest(), samAnswer()} {
		all = append(all, part...)
	}
	return all
}

// Answers that sam local gives for many things.
func samFailure() answer { return answer{status: 502, body: `{"message":"Internal server error"}`} }
func samInternalError() answer {
	return answer{status: 500, body: `{"message":"Internal server error"}`}
}
func samRefusal() answer {
	return answer{status: 403, body: `{"message":"User is not authorized to access this resource"}`}
}

// passed is an answer of the function, where AWS has an error.
func passed() answer {
	return answer{status: 200, event: map[string]string{"isBase64Encoded": "false"}}
}

// sees is an answer of the function with the given members of its event, in pairs.
func sees(members ...string) answer {
	event := map[string]string{}
	for i := 0; i+1 < len(members); i += 2 {
		event[members[i]] = members[i+1]
	}
	return answer{status: 200, event: event}
}

func samAuthorizer() []difference {
	const outcomes, policies, contexts, caching = "Authorizer outcomes", "Policies", "Authorizer context", "Result caching"
	return []difference{
		{"An authorizer that fails is 502, whatever its error says: 401 for Unauthorized can't be seen",
			same(samFailure(), outcomes, "the error Unauthorized", "the error unauthorized", "an error with more to say", "a crash", "out of time")},
		{"An authorizer's answer that makes no sense is 502, not 500",
			both(same(samFailure(), outcomes, "a text for an answer", "an HTTP API's answer", "no principal", "no policy", "the policy as a text"), same(samFailure(), policies, "no statement"))},
		{"A policy whose Statement is no list, and a context that is null, are refused with 502",
			both(same(samFailure(), policies, "a statement that is no list"), same(samFailure(), contexts, "no context"))},
		{"An empty principalId, a Resource over 512 characters, and objects and lists in the context are let through",
			both(same(passed(), outcomes, "an empty principal", "a Resource over 512 characters"), same(passed(), contexts, "an object", "a list"))},
		{"Deny is ignored if any statement allows the call", same(passed(), policies, "deny after allow", "allow after deny")},
		{"A refusal says message, not Message, and does not tell an explicit deny from an implicit one",
			both(both(same(samRefusal(), outcomes, "denied", "not allowed"), same(samRefusal(), caching, "without caching each request is asked for")),
				same(samRefusal(), policies, "deny alone", "another action", "a ? for no character", "a beginning of the resource", "the path in another case", "another method", "another stage"))},
		{"The Action must be execute-api:Invoke in this spelling: a wildcard or another case allows nothing",
			same(samRefusal(), policies, "every action", "every action of the service", "a ? in the action", "the action in another case")},
		{"NotAction and NotResource are refused with 502",
			same(samFailure(), policies, "all but another action", "all but this action", "all but another resource", "all but this resource", "deny of all but others")},
		{"A Resource is read as a regular expression: a dot stands for any character", same(passed(), policies, "a dot stands for itself")},
		{"A wrong Effect is no error: the statement allows nothing", same(samRefusal(), policies, "an effect in small letters")},
		{"Context values keep their JSON type, where AWS gives texts", map[string]answer{
			contexts + "/a number": sees("requestContext.authorizer.key", "1790000000"), contexts + "/a boolean": sees("requestContext.authorizer.key", "true")}},
		{"The authorizer's event is the function's: null for what is empty, with body and isBase64Encoded", map[string]answer{
			outcomes + "/the authorizer's event where nothing is given": sees("requestContext.authorizer.event.queryStringParameters", "null", "requestContext.authorizer.event.pathParameters", "null",
				"requestContext.authorizer.event.body", "null", "requestContext.authorizer.event.isBase64Encoded", "false")}},
		{"Answers of the authorizer are never cached: a policy that would refuse the next route on AWS goes unnoticed", map[string]answer{
			caching + "/a policy for one method refuses the next route": passed(),
			caching + "/a permission is remembered":                     samRefusal(),
			caching + "/a refusal is remembered":                        passed(),
			caching + "/the context is remembered":                      sees("requestContext.authorizer.number", `"2"`)}},
	}
}

func samConfiguration() []difference {
	const responses, cors = "Gateway responses", "CORS"
	missing, unauthorized := answer{status: 403, body: `{"message":"Missing Authentication Token"}`}, answer{status: 401, body: `{"message":"Unauthorized"}`}
	const origin, methods, every = "Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"
	app := map[string]string{origin: "https://app.example", methods: every, "Content-Type": "text/html; charset=utf-8", "Content-Length": "0"}
	return []difference{
		{"GatewayResponses are ignored: status, headers and body are sam local's own",
			both(both(both(same(missing, responses, "the status of an unknown route", "the template for the caller's Accept", "DEFAULT_4XX for a type that is not configured", "the status of DEFAULT_4XX, for an unknown route"),
				same(unauthorized, responses, "status, headers and body of a type", "the status of DEFAULT_4XX, for a missing credential")),
				both(same(samFailure(), responses, "a type with a status alone", "DEFAULT_5XX for a type that is not configured"),
					same(samInternalError(), responses, "DEFAULT_5XX for a function that fails", "the status of DEFAULT_5XX"))),
				both(same(answer{status: 403, header: map[string]string{"X-Kept": ""}, body: samRefusal().body}, responses, "a type with headers alone keeps its own status and body"),
					both(same(answer{status: 403, header: map[string]string{"X-Kept": ""}}, "Result caching", "another credential is another answer"),
						same(answer{status: 401, header: map[string]string{"Www-Authenticate": "", origin: ""}}, cors, "a gateway's error gets no CORS headers"))))},
		{"Any OPTIONS is answered at once if the API has Cors: without the authorizer, the function's own OPTIONS method or a look at the Content-Type; the body is empty, and every method is allowed",
			both(same(answer{status: 200, header: app}, cors, "a preflight", "a function's own OPTIONS is kept", "a preflight that is not JSON"),
				same(answer{status: 200, header: map[string]string{origin: "*", methods: every, "Content-Length": "0"}}, cors, "the default authorizer is before a preflight", "an authorized preflight, for any origin"))},
		{"The CORS headers are added to what functions answer, which on AWS must set them itself",
			same(answer{status: 200, header: map[string]string{origin: "https://app.example", methods: every}}, cors, "a function's answer gets no CORS headers")},
	}
}
