package conformance_test

import (
	"net/http"
	"time"

	"sallyport/tools/conformance/script"
)

func authorizerRows() []row {
	failing := func(text string) request { return get("/guarded").authorizing(script.Script{Error: text}) }
	answering := func(text string) request { return get("/guarded").authorized(text) }
	plain := func(name string, cites source, send request, want answer) row {
		return row{name: name, cites: cites, api: "plain", send: send, want: want}
	}
	must := output("principalId and policyDocument are required")
	identity := source{title: "CreateAuthorizer: identitySource", url: "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html"}
	document := `"policyDocument":{"Version":"2012-10-17","Statement":[` + statement("Allow", invoke, `"*"`) + `]}`
	return []row{
		plain("allowed", workflow("the policy is evaluated, then the method is called"), answering(allowing(script.MethodARN)), answer{status: 200, event: map[string]string{"resource": `"/guarded"`}}),
		plain("denied", responseType("ACCESS_DENIED"), answering(policy(statement("Deny", invoke, `"*"`))), explicitlyDenied()),
		plain("not allowed", responseType("ACCESS_DENIED"), answering(allowing(script.StageARN+"GET/other")), implicitlyDenied()),
		plain("no credential", identity, get("/guarded"), unauthorized()),
		plain("an empty credential", identity, get("/guarded").with("Authorization", ""), unauthorized()),
		plain("the error Unauthorized", workflow("example: 401 for the error Unauthorized"), failing("Unauthorized"), unauthorized()),
		plain("the error unauthorized", workflow("example: 500 for any other error"), failing("unauthorized"), authorizerFailed()),
		plain("an error with more to say", workflow("example: 500 for any other error"), failing("Unauthorized: expired"), authorizerFailed()),
		plain("a crash", responseType("AUTHORIZER_FAILURE"), get("/guarded").authorizing(script.Script{Crash: true}), authorizerFailed()),
		plain("out of time", responseType("AUTHORIZER_FAILURE"), get("/guarded").authorizing(script.Script{Delay: 3 * time.Second, Answer: allowing("*")}), authorizerFailed()),
		plain("a text for an answer", must, answering(`"Allow"`), authorizerMisconfigured()),
		plain("an HTTP API's answer", must, answering(`{"isAuthorized":true}`), authorizerMisconfigured()),
		plain("no principal", must, answering(`{`+document+`}`), authorizerMisconfigured()),
		plain("an empty principal", must, answering(`{"principalId":"",`+document+`}`), authorizerMisconfigured()),
		plain("no policy", must, answering(`{"principalId":"p"}`), authorizerMisconfigured()),
		plain("the policy as a text", must, answering(verdict(`"policyDocument":"{}"`)), authorizerMisconfigured()),
		plain("a Resource over 512 characters", output("the policy's Resource has at most 512 characters"), answering(policy(statement("Allow", invoke, `["*","{{fill}}"]`))).withFill(513), authorizerMisconfigured()),
		plain("a method without an authorizer", workflow("if an authorizer is configured for the method"), get("/open").authorizing(script.Script{Error: "Unauthorized"}), answer{status: 200, event: map[string]string{"requestContext.authorizer": ""}}),
		plain("duplicate Authorization headers reach the authorizer", proxy("multi-value headers: the last value, and all"),
			get("/guarded").with("Authorization", "Bearer one", "Bearer two").with(script.AuthorizerHeader, script.Script{Answer: allowingWith(echoed)}.String()),
			answer{status: 200, event: map[string]string{
				"requestContext.authorizer.event.multiValueHeaders.Authorization": `["Bearer one","Bearer two"]`,
				"requestContext.authorizer.event.headers.Authorization":           `"Bearer two"`,
			}}),
		plain("the authorizer's event", input("REQUEST"), get("/guarded/7?q=1").authorized(allowingWith(echoed)), answer{status: 200, event: map[string]string{
			"requestContext.authorizer.event.type":                         `"REQUEST"`,
			"requestContext.authorizer.event.resource":                     `"/guarded/{id}"`,
			"requestContext.authorizer.event.path":                         `"/guarded/7"`,
			"requestContext.authorizer.event.httpMethod":                   `"GET"`,
			"requestContext.authorizer.event.queryStringParameters":        `{"q":"1"}`,
			"requestContext.authorizer.event.pathParameters":               `{"id":"7"}`,
			"requestContext.authorizer.event.requestContext.resourcePath":  `"/guarded/{id}"`,
			"requestContext.authorizer.event.requestContext.httpMethod":    `"GET"`,
			"requestContext.authorizer.event.requestContext.path":          `"/plain/guarded/7"`,
			"requestContext.authorizer.event.requestContext.stage":         `"plain"`,
			"requestContext.authorizer.event.requestContext.authorizer":    "",
			"requestContext.authorizer.event.multiValueHeaders.User-Agent": `["conformance"]`,
		}}),
		plain("the authorizer's event where nothing is given", input("REQUEST"), get("/guarded").authorized(allowingWith(echoed)), answer{status: 200, event: map[string]string{
			"requestContext.authorizer.event.queryStringParameters":           `{}`,
			"requestContext.authorizer.event.multiValueQueryStringParameters": `{}`,
			"requestContext.authorizer.event.pathParameters":                  `{}`,
			"requestContext.authorizer.event.stageVariables":                  `{}`,
			"requestContext.authorizer.event.body":                            "",
			"requestContext.authorizer.event.isBase64Encoded":                 "",
		}}),
	}
}

// echoed is a context with the authorizer's event.
const echoed = `{"event":"` + script.EventText + `"}`

// withFill says how long the filling of the authorizer's answer is.
func (r request) withFill(n int) request {
	s := *r.authorizer
	s.Fill = n
	return r.authorizing(s)
}

func contextRows() []row {
	asked := func(name string, cites source, context string, want answer) row {
		return row{name: name, cites: cites, api: "plain", send: get("/guarded").authorized(allowingWith(context)), want: want}
	}
	value := func(json string) answer {
		return answer{status: http.StatusOK, event: map[string]string{"requestContext.authorizer.key": json}}
	}
	stringified, scalars := output("context values are stringified"), output("an object or array is no valid value of a context key")
	return []row{
		asked("a text", stringified, `{"key":"a\"é"}`, value(`"a\"é"`)),
		asked("a number", stringified, `{"key":1790000000}`, value(`"1790000000"`)),
		asked("a boolean", stringified, `{"key":true}`, value(`"true"`)),
		asked("null", chosen("a null in the context"), `{"key":null}`, value(`null`)),
		asked("an object", scalars, `{"key":{"a":"b"}}`, authorizerMisconfigured()),
		asked("a list", scalars, `{"key":["a"]}`, authorizerMisconfigured()),
		asked("the principal beside it", guide("api-gateway-mapping-template-reference", "$context.authorizer.principalId"), `{"key":"a"}`, answer{status: 200, event: map[string]string{"requestContext.authorizer.principalId": `"p"`}}),
		asked("no context", output("the context is optional"), `null`, answer{status: 200, event: map[string]string{"requestContext.authorizer.principalId": `"p"`, "requestContext.authorizer.key": ""}}),
	}
}
