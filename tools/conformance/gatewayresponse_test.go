package conformance_test

import (
	"strings"

	"sallyport/tools/conformance/script"
)

func gatewayResponseRows() []row {
	configured := func(name string, cites source, send request, want answer) row {
		return row{name: name, cites: cites, api: "configured", send: send, want: want}
	}
	fallback := func(name string, cites source, send request, want answer) row {
		return row{name: name, cites: cites, api: "fallback", send: send, want: want}
	}
	crash := get("/open").handling(script.Script{Crash: true})
	allStatuses := responseType("changing the status code of a DEFAULT changes all others")
	return []row{
		configured("status, headers and body of a type", gatewayResponse("status code, parameters and mapping templates"), get("/guarded?q=asked").with("X-Wanted", "this"), answer{
			status: 401, kind: "Unauthorized",
			header: map[string]string{"Www-Authenticate": `Bearer realm="conformance"`, "Content-Type": "application/problem+json", "X-Asked-For": "this", "X-Queried": "asked", "X-Path": "/configured/guarded"},
			body:   `{"kind":"UNAUTHORIZED","message":"Unauthorized","stage":"configured","resource":"/guarded","unquoted":"Unauthorized."}`}),
		configured("a type with headers alone keeps its own status and body", gatewayResponse("what is not customized is as by default"), get("/guarded").authorized(allowing("x")), answer{
			status: 403, kind: "AccessDenied", header: map[string]string{"X-Kept": "headers alone", "Content-Type": "application/json"}, body: `{"message":"User is not authorized to access this resource"}`}),
		configured("a type with a status alone", responseType("AUTHORIZER_FAILURE"), get("/guarded").authorizing(script.Script{Error: "x"}), answer{status: 503, kind: "AuthorizerFailure", body: `{"message":null}`}),
		configured("the status of an unknown route", responseType("MISSING_AUTHENTICATION_TOKEN"), get("/nothing"), answer{status: 404, kind: "MissingAuthenticationToken", header: map[string]string{"Content-Type": "application/json"}, body: `{"error":"none"}`}),
		configured("the template for the caller's Accept", chosen("which of several templates is taken"), get("/nothing").with("Accept", "application/xml"), answer{status: 404, kind: "MissingAuthenticationToken", header: map[string]string{"Content-Type": "application/xml"}, body: `<error>none</error>`}),
		configured("DEFAULT_4XX for a type that is not configured", responseType("DEFAULT_4XX"), get("/nothing").with("Authorization", "Bearer x"), answer{status: 403, kind: "IncompleteSignature", body: `{"fallback":"INVALID_SIGNATURE"}`}),
		configured("DEFAULT_5XX for a type that is not configured", responseType("DEFAULT_5XX"), get("/guarded").authorized(`{}`), answer{status: 500, kind: "AuthorizerConfiguration", body: `{"fallback":"AUTHORIZER_CONFIGURATION_ERROR"}`}),
		configured("DEFAULT_5XX for a function that fails", responseType("DEFAULT_5XX"), crash, answer{status: 502, kind: "InternalServerError", body: `{"fallback":"DEFAULT_5XX"}`}),
		configured("413 can't be customized", notes("customizing 413 REQUEST_TOO_LARGE is not supported"), posted(strings.Repeat("x", 10<<20+1)), answer{status: 413, kind: "RequestTooLarge", body: `{"message":"Request Too Long"}`}),
		configured("a function's own error is not touched", gatewayResponse("for what the gateway itself answers"), get("/open").answered(`{"statusCode":401,"body":"mine"}`), answer{status: 401, body: "mine", header: map[string]string{"X-Asked-For": ""}}),
		fallback("the status of DEFAULT_4XX, for an unknown route", allStatuses, get("/nothing"), answer{status: 418, kind: "MissingAuthenticationToken", body: `{"fallback":"MISSING_AUTHENTICATION_TOKEN"}`}),
		fallback("the status of DEFAULT_4XX, for a missing credential", allStatuses, get("/guarded"), answer{status: 418, kind: "Unauthorized", body: `{"fallback":"UNAUTHORIZED"}`}),
		fallback("the status of DEFAULT_5XX", allStatuses, crash, answer{status: 599, kind: "InternalServerError", body: `{"fallback":"DEFAULT_5XX"}`}),
	}
}
