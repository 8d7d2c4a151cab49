package conformance_test

import "net/http"

func requestHeaderRows() []row {
	plain := func(name string, cites source, send request, members ...string) row {
		event := map[string]string{}
		for i := 0; i+1 < len(members); i += 2 {
			event[members[i]] = members[i+1]
		}
		return row{name: name, cites: cites, api: "plain", send: send, want: answer{status: http.StatusOK, event: event}}
	}
	both := proxy("multi-value headers: the last value, and all")
	dropped := notes("table of headers: not passed on to Lambda")
	passed := measured("test_apigateway_integrations.snapshot.json", "headers that reach a Lambda proxy integration")
	spelling := get("/open")
	spelling.header = http.Header{"x-oDD-CASE": {"1"}}
	const trace = "Root=1-5759e988-bd862e3fe1be46a994272793"
	return []row{
		plain("several values of one", both, get("/open").with("X-Many", "a", "b"), "headers.X-Many", `"b"`, "multiValueHeaders.X-Many", `["a","b"]`),
		plain("one value", both, get("/open").with("X-One", "a, b"), "headers.X-One", `"a, b"`, "multiValueHeaders.X-One", `["a, b"]`),
		plain("the spelling of a name", measured("test_apigateway_lambda.snapshot.json", "tEsT-HEADeR"), spelling, "headers.x-oDD-CASE", `"1"`),
		plain("Authorization is passed on", notes("table of headers: Authorization"), get("/open").with("Authorization", "Bearer x"), "headers.Authorization", `"Bearer x"`),
		plain("Basic credentials are passed on", notes("table of headers: Authorization"), get("/open").with("Authorization", "Basic Y2xpZW50OnNlY3JldA=="), "headers.Authorization", `"Basic Y2xpZW50OnNlY3JldA=="`),
		plain("a Signature Version 4 is not", notes("table of headers: Authorization, the note on Signature Version 4"), get("/open").with("Authorization", "AWS4-HMAC-SHA256 Credential=x"), "headers.Authorization", ""),
		plain("WWW-Authenticate is not passed on", dropped, get("/open").with("Www-Authenticate", "x"), "headers.Www-Authenticate", ""),
		plain("Max-Forwards is not passed on", dropped, get("/open").with("Max-Forwards", "1"), "headers.Max-Forwards", ""),
		plain("Content-MD5 is not passed on", dropped, get("/open").with("Content-Md5", "x"), "headers.Content-Md5", ""),
		plain("Proxy-Authenticate is not passed on", dropped, get("/open").with("Proxy-Authenticate", "x"), "headers.Proxy-Authenticate", ""),
		plain("Server is not passed on", dropped, get("/open").with("Server", "x"), "headers.Server", ""),
		plain("TE is not passed on", dropped, get("/open").with("Te", "trailers"), "headers.Te", ""),
		plain("Content-Length is not passed on", measured("test_apigateway_lambda.snapshot.json", "a POST's headers"), posted("x"), "headers.Content-Length", ""),
		plain("Connection is not passed on", dropped, get("/open"), "headers.Connection", ""),
		plain("Date, Via, Range and Referer are passed on", passed, get("/open").with("Date", "d").with("Via", "1.1 v").with("Range", "bytes=0-1").with("Referer", "r"),
			"headers.Date", `"d"`, "headers.Via", `"1.1 v"`, "headers.Range", `"bytes=0-1"`, "headers.Referer", `"r"`),
		plain("the caller's address", guide("api-gateway-mapping-template-reference", "$context.identity.sourceIp"), get("/open"), "requestContext.identity.sourceIp", `"127.0.0.1"`),
		plain("the caller's agent", guide("api-gateway-mapping-template-reference", "$context.identity.userAgent"), get("/open").with("User-Agent", "test/1"), "requestContext.identity.userAgent", `"test/1"`, "headers.User-Agent", `"test/1"`),
		plain("X-Forwarded-For", notes("table of headers: X-Forwarded-For"), get("/open").with("X-Forwarded-For", "192.0.2.9"), "headers.X-Forwarded-For", `"192.0.2.9, 127.0.0.1"`),
		plain("X-Forwarded-Proto and -Port", passed, get("/open").with("X-Forwarded-Proto", "gopher"), "headers.X-Forwarded-Proto", `"https"`, "headers.X-Forwarded-Port", `"443"`),
		plain("a trace id is kept", measured("test_apigateway_common.snapshot.json", "X-Amzn-Trace-Id"), get("/open").with("X-Amzn-Trace-Id", trace), "headers.X-Amzn-Trace-Id", `"`+trace+`"`),
		plain("a request id of the caller's", guide("api-gateway-mapping-template-reference", "$context.requestId can be overridden"), get("/open").with("X-Amzn-Requestid", "chosen"), "requestContext.requestId", `"chosen"`),
	}
}

func queryRows() []row {
	asked := func(name string, cites source, query, last, all string) row {
		return row{name: name, cites: cites, api: "plain", send: get("/open" + query),
			want: answer{status: http.StatusOK, event: map[string]string{"queryStringParameters": last, "multiValueQueryStringParameters": all}}}
	}
	decoded, recorded := notes("request parameters are decoded"), measured("test_apigateway_lambda.snapshot.json", "encoding of parameters")
	return []row{
		asked("none", recorded, "", `null`, `null`),
		asked("one", proxy("queryStringParameters"), "?a=1", `{"a":"1"}`, `{"a":["1"]}`),
		asked("one name several times", recorded, "?a=1&a=2", `{"a":"2"}`, `{"a":["1","2"]}`),
		asked("a plus sign and its encoding", recorded, "?a=t+a@b.example&b=t%2Ba", `{"a":"t a@b.example","b":"t+a"}`, `{"a":["t a@b.example"],"b":["t+a"]}`),
		asked("encoded names and values", decoded, "?a%20b=%C3%A9%26%3D", `{"a b":"é&="}`, `{"a b":["é&="]}`),
		asked("an address as a value", recorded, "?url=https://example.com/", `{"url":"https://example.com/"}`, `{"url":["https://example.com/"]}`),
		asked("a name without a value", proxy("queryStringParameters"), "?flag&empty=", `{"flag":"","empty":""}`, `{"flag":[""],"empty":[""]}`),
		asked("an equals sign in a value", decoded, "?a=b=c", `{"a":"b=c"}`, `{"a":["b=c"]}`),
		asked("a semicolon splits", notes("a semicolon splits the data"), "?a=1;b=2", `{"a":"1","b":"2"}`, `{"a":["1"],"b":["2"]}`),
	}
}
