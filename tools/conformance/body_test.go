package conformance_test

import "net/http"

func bodyRows() []row {
	got := func(text, isBase64 string) answer {
		return answer{status: http.StatusOK, event: map[string]string{"body": text, "isBase64Encoded": isBase64}}
	}
	sent := func(name, api string, cites source, body, contentType string, want answer) row {
		send := posted(body)
		if contentType != "" {
			send = send.with("Content-Type", contentType)
		}
		return row{name: name, cites: cites, api: api, send: send, want: want}
	}
	answered := func(name, api string, cites source, payload, accept string, want answer) row {
		send := get("/open").answered(payload)
		if accept != "" {
			send = send.with("Accept", accept)
		}
		return row{name: name, cites: cites, api: api, send: send, want: want}
	}
	const encoded = `{"statusCode":200,"headers":{"Content-Type":"image/png"},"body":"aGk=","isBase64Encoded":true}`
	text, decoded := answer{status: 200, body: "aGk="}, answer{status: 200, body: "hi"}
	accept := binaryMedia("the first Accept decides")
	return []row{
		sent("a text", "plain", conversions("no binary types: UTF-8 text"), `{"a":"<é>"}`, "application/json", got(`"{\"a\":\"<é>\"}"`, "false")),
		sent("none", "plain", measured("test_apigateway_lambda.snapshot.json", "no body"), "", "", got("null", "false")),
		sent("a form", "plain", conversions("no binary types: UTF-8 text"), "token=a%2Bb+c&hint=&token=%C3%A9", "application/x-www-form-urlencoded", got(`"token=a%2Bb+c&hint=&token=%C3%A9"`, "false")),
		sent("bytes that are no text, without binary types", "plain", conversions("no binary types: UTF-8 text"), "a\xffb", "image/png", got(`"a\ufffdb"`, "false")),
		sent("a binary type", "configured", conversions("a matching media type: binary data"), "a\xffb", "image/png", got(`"Yf9i"`, "true")),
		sent("a binary type with a parameter", "configured", chosen("parameters of a media type"), "a\xffb", "image/png; name=a", got(`"Yf9i"`, "true")),
		sent("a binary type by wildcard", "configured", guide("api-gateway-payload-encodings", "a wildcard covers several types"), "a\xffb", "audio/ogg", got(`"Yf9i"`, "true")),
		sent("another type among binary types", "configured", conversions("a text type"), "hi", "text/plain", got(`"hi"`, "false")),
		answered("base64 out, without binary types", "plain", measured("test_apigateway_lambda.snapshot.json", "isBase64Encoded"), encoded, "image/png", text),
		answered("base64 out, accepted", "configured", accept, encoded, "image/png", decoded),
		answered("base64 out, accepted first", "configured", accept, encoded, "image/png, text/html", decoded),
		answered("base64 out, accepted second", "configured", accept, encoded, "text/html, image/png", text),
		answered("base64 out, accepted by wildcard", "configured", guide("api-gateway-payload-encodings", "a wildcard covers several types"), encoded, "audio/ogg", decoded),
		answered("base64 out, nothing accepted", "configured", accept, encoded, "", text),
		answered("a text out, accepted", "configured", proxy("isBase64Encoded"), `{"statusCode":200,"headers":{"Content-Type":"image/png"},"body":"aGk="}`, "image/png", text),
		answered("base64 out that is none", "configured", conversions("a conversion that fails is a 500, an API configuration error"), `{"body":"!","isBase64Encoded":true,"headers":{"Content-Type":"image/png"}}`, "image/png",
			answer{status: 500, kind: "InternalServerError", body: `{"fallback":"API_CONFIGURATION_ERROR"}`}),
	}
}

func stageRows() []row {
	seen := func(name, api string, cites source, send request, members ...string) row {
		event := map[string]string{}
		for i := 0; i+1 < len(members); i += 2 {
			event[members[i]] = members[i+1]
		}
		return row{name: name, cites: cites, api: api, send: send, want: answer{status: http.StatusOK, event: event}}
	}
	const variables = `{"backend":"https://backend.example/v1","flag":"on"}`
	stage := guide("aws-api-gateway-stage-variables-reference", "stage variables")
	reference := guide("api-gateway-mapping-template-reference", "$context")
	return []row{
		seen("stage variables", "configured", stage, get("/open"), "stageVariables", variables),
		seen("no stage variables", "plain", measured("test_apigateway_lambda.snapshot.json", "stageVariables"), get("/open"), "stageVariables", "null"),
		seen("stage variables reach the authorizer", "configured", input("REQUEST"), get("/guarded").authorized(allowingWith(echoed)), "requestContext.authorizer.event.stageVariables", variables),
		seen("the stage is in the method's ARN", "configured", output("{stage}/{httpVerb}/{resource}"), get("/guarded/a").authorized(allowing("arn:aws:execute-api:us-east-1:123456789012:*/configured/GET/guarded/a")), "requestContext.stage", `"configured"`),
		seen("the stage is in the context's path alone", "plain", measured("test_apigateway_lambda.snapshot.json", "requestContext.path"), get("/items/7"), "path", `"/items/7"`, "requestContext.path", `"/plain/items/7"`, "requestContext.resourcePath", `"/items/{id}"`),
		seen("the caller is nobody", "plain", measured("test_apigateway_lambda.snapshot.json", "identity"), get("/open"), "requestContext.identity.accessKey", "null", "requestContext.identity.caller", "null", "requestContext.identity.userArn", "null"),
		seen("method, protocol and account", "plain", reference, get("/open"), "requestContext.httpMethod", `"GET"`, "requestContext.protocol", `"HTTP/1.1"`, "requestContext.accountId", `"123456789012"`),
	}
}
