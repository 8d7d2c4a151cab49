package conformance_test

func corsRows() []row {
	cors, auth := sam("sam-property-api-corsconfiguration", "CorsConfiguration"), sam("sam-property-api-apiauth", "AddDefaultAuthorizerToCorsPreflight")
	own := guide("how-to-cors", "a proxy integration's function returns the headers itself")
	preflight := func(target string) request {
		return method("OPTIONS", target).with("Origin", "https://app.example").with("Access-Control-Request-Method", "GET")
	}
	const origin, methods = "Access-Control-Allow-Origin", "Access-Control-Allow-Methods"
	return []row{
		{name: "a preflight", cites: cors, api: "configured", send: preflight("/guarded"), want: answer{status: 200, body: "{}", header: map[string]string{
			origin: "https://app.example", methods: "GET,OPTIONS", "Access-Control-Allow-Headers": "Authorization,Content-Type",
			"Access-Control-Max-Age": "600", "Access-Control-Allow-Credentials": "true", "Content-Type": "application/json"}}},
		{name: "a preflight from another origin gets the same answer", cites: guide("how-to-cors", "the mock integration's fixed headers"), api: "configured",
			send: method("OPTIONS", "/guarded").with("Origin", "https://other.example"), want: answer{status: 200, header: map[string]string{origin: "https://app.example"}}},
		{name: "a preflight where a function has ANY", cites: cors, api: "configured", send: preflight("/any"), want: answer{status: 200, header: map[string]string{methods: "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"}}},
		{name: "a function's own OPTIONS is kept", cites: cors, api: "configured", send: preflight("/own"), want: answer{status: 200, event: map[string]string{"resource": `"/own"`}, header: map[string]string{origin: ""}}},
		{name: "a preflight that is not JSON", cites: reported("https://github.com/aws/aws-sam-cli/issues/2483", "500 for another Content-Type"), api: "configured",
			send: preflight("/guarded").with("Content-Type", "application/x-www-form-urlencoded"), want: answer{status: 500, kind: "InternalServerError", body: `{"fallback":"API_CONFIGURATION_ERROR"}`}},
		{name: "a function's answer gets no CORS headers", cites: own, api: "configured", send: get("/open").with("Origin", "https://app.example"), want: answer{status: 200, header: map[string]string{origin: "", methods: ""}}},
		{name: "a gateway's error gets no CORS headers", cites: guide("how-to-cors", "configure the gateway responses"), api: "configured", send: get("/guarded").with("Origin", "https://app.example"),
			want: answer{status: 401, kind: "Unauthorized", header: map[string]string{origin: "", "Www-Authenticate": `Bearer realm="conformance"`}}},
		{name: "the default authorizer is before a preflight", cites: auth, api: "fallback", send: preflight("/guarded"), want: answer{status: 418, kind: "Unauthorized", body: `{"fallback":"UNAUTHORIZED"}`}},
		{name: "an authorized preflight, for any origin", cites: cors, api: "fallback", send: preflight("/guarded").authorized(allowing("*")), want: answer{status: 200, body: "{}", header: map[string]string{
			origin: "*", methods: "GET,OPTIONS,PUT", "Access-Control-Allow-Headers": "", "Access-Control-Allow-Credentials": ""}}},
		{name: "without Cors there is no OPTIONS", cites: responseType("MISSING_AUTHENTICATION_TOKEN"), api: "plain", send: preflight("/guarded"), want: unknownRoute()},
	}
}
