package conformance_test

import (
	"time"

	"sallyport/tools/conformance/script"
)

func functionRows() []row {
	answered := func(name string, cites source, payload string, want answer) row {
		return row{name: name, cites: cites, api: "plain", send: get("/open").answered(payload), want: want}
	}
	format, recorded := proxy("output format: a malformed answer is a 502"), measured("test_apigateway_lambda.snapshot.json", "payload format validation")
	failure := proxy("a function's error is a 502")
	return []row{
		answered("a status and a body", proxy("output format"), `{"statusCode":201,"body":"made"}`, answer{status: 201, body: "made"}),
		answered("no status", recorded, `{"body":"b"}`, answer{status: 200, body: "b"}),
		answered("the status as a text", recorded, `{"statusCode":"202","body":"b"}`, answer{status: 202, body: "b"}),
		answered("nulls", recorded, `{"statusCode":200,"headers":null,"multiValueHeaders":null,"body":null}`, answer{status: 200, header: map[string]string{"Content-Length": "0"}}),
		answered("no content", proxy("output format"), `{"statusCode":204}`, answer{status: 204}),
		answered("a status that is no number", recorded, `{"statusCode":"test"}`, badGateway()),
		answered("an unknown member", recorded, `{"statusCode":200,"wrongValue":"value"}`, badGateway()),
		answered("a text", recorded, `"justAString"`, badGateway()),
		answered("a list", format, `[]`, badGateway()),
		answered("null", format, `null`, badGateway()),
		answered("a body that is an object", format, `{"statusCode":200,"body":{"a":1}}`, badGateway()),
		answered("a list as a header's value", format, `{"statusCode":200,"headers":{"X-A":["a"]}}`, badGateway()),
		answered("a text in multiValueHeaders", recorded, `{"statusCode":200,"multiValueHeaders":{"X-A":"a"}}`, badGateway()),
		answered("what is not JSON", format, `{"statusCode":200`, badGateway()),
		{name: "an error", cites: failure, api: "plain", send: get("/open").handling(script.Script{Error: "boom"}), want: badGateway()},
		{name: "a crash", cites: failure, api: "plain", send: get("/open").handling(script.Script{Crash: true}), want: badGateway()},
		{name: "out of the function's time", cites: failure, api: "plain", send: get("/brief").handling(script.Script{Delay: 2 * time.Second, Answer: `{}`}), want: badGateway()},
	}
}

func responseHeaderRows() []row {
	answered := func(name string, cites source, members string, header map[string]string) row {
		return row{name: name, cites: cites, api: "plain", send: get("/open").answered(`{"statusCode":200,"body":"b",` + members + `}`), want: answer{status: 200, body: "b", header: header}}
	}
	merged, table := proxy("headers and multiValueHeaders are merged"), notes("table of headers: answers of Lambda")
	renamed := func(name string) row {
		return answered(name+" is renamed", table, `"headers":{"`+name+`":"v"}`, map[string]string{"X-Amzn-Remapped-" + name: "v"})
	}
	return []row{
		answered("the default content type", notes("application/json by default"), `"headers":{}`, map[string]string{"Content-Type": "application/json"}),
		answered("a content type", proxy("output format"), `"headers":{"content-type":"text/plain"}`, map[string]string{"Content-Type": "text/plain"}),
		answered("several values", merged, `"multiValueHeaders":{"Set-Cookie":["a=1","b=2"]}`, map[string]string{"Set-Cookie": "a=1 + b=2"}),
		answered("both kinds", measured("test_apigateway_lambda.snapshot.json", "multiValueHeaders first"), `"headers":{"X-A":"solo"},"multiValueHeaders":{"X-A":["multi"]}`, map[string]string{"X-A": "multi + solo"}),
		answered("both kinds in two spellings", measured("test_apigateway_lambda.snapshot.json", "multiValueHeaders first"), `"headers":{"x-a":"solo"},"multiValueHeaders":{"X-a":["multi"]}`, map[string]string{"X-A": "multi + solo"}),
		answered("a pair that is in both", merged, `"headers":{"X-A":"1"},"multiValueHeaders":{"X-A":["1","2"]}`, map[string]string{"X-A": "1 + 2"}),
		answered("a boolean", measured("test_apigateway_lambda.snapshot.json", "header-bool"), `"headers":{"X-A":true}`, map[string]string{"X-A": "true"}),
		renamed("WWW-Authenticate"), renamed("Authorization"), renamed("Date"), renamed("Server"), renamed("User-Agent"), renamed("Content-MD5"), renamed("Max-Forwards"),
		answered("Connection is renamed", table, `"headers":{"Connection":"upgrade"}`, map[string]string{"X-Amzn-Remapped-Connection": "upgrade"}),
		answered("Content-Length is renamed", measured("test_apigateway_http.snapshot.json", "x-amzn-remapped-content-length"), `"headers":{"Content-Length":"9"}`, map[string]string{"X-Amzn-Remapped-Content-Length": "9", "Content-Length": "1"}),
		answered("Host is dropped", table, `"headers":{"Host":"v"}`, map[string]string{"Host": "", "X-Amzn-Remapped-Host": ""}),
		answered("Via is dropped", table, `"headers":{"Via":"v"}`, map[string]string{"Via": ""}),
		answered("Proxy-Authenticate is dropped", table, `"headers":{"Proxy-Authenticate":"v"}`, map[string]string{"Proxy-Authenticate": ""}),
		{name: "a function's answer names its trace", cites: measured("test_apigateway_common.snapshot.json", "X-Amzn-Trace-Id of a proxy integration"), api: "plain",
			send: get("/open").with("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793"), want: answer{status: 200, header: map[string]string{"X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793"}}},
		{name: "a preflight's does not", cites: measured("test_apigateway_common.snapshot.json", "X-Amzn-Trace-Id of a mock integration"), api: "configured",
			send: method("OPTIONS", "/open"), want: answer{status: 200, header: map[string]string{"X-Amzn-Trace-Id": ""}}},
	}
}
