package conformance_test

import "sallyport/tools/conformance/script"

// cacheRows ask an API that caches answers for 300 s by the Authorization header. Where a row asks twice with one
// credential, another header tells the authorizer to answer differently: what it says the second time is not heard.
func cacheRows() []row {
	applied := workflow("a cached policy is applied to every method")
	asking := func(credential string, s script.Script) request {
		return get("/guarded").with("Authorization", "Bearer "+credential).with(script.AuthorizerHeader, s.String())
	}
	allow, deny := script.Script{Answer: allowing("*")}, script.Script{Answer: policy(statement("Deny", invoke, `"*"`))}
	number := func(n string) script.Script { return script.Script{Answer: allowingWith(`{"number":"` + n + `"}`)} }
	denied := answer{status: 403, kind: "AccessDenied", header: map[string]string{"X-Kept": "headers alone"}}
	return []row{
		{name: "a policy for one method refuses the next route", cites: applied, api: "configured",
			first: []request{get("/guarded").authorized(allowing(script.MethodARN))}, send: get("/guarded/7").authorized(allowing(script.MethodARN)), want: denied},
		{name: "a policy for the stage lets the next route through", cites: applied, api: "configured",
			first: []request{get("/guarded").authorized(allowing(script.StageARN + "*"))}, send: get("/guarded/7").authorized(allowing(script.StageARN + "*")), want: answer{status: 200}},
		{name: "a permission is remembered", cites: applied, api: "configured",
			first: []request{asking("remembered", allow)}, send: asking("remembered", deny), want: answer{status: 200}},
		{name: "a refusal is remembered", cites: applied, api: "configured",
			first: []request{asking("refused", deny)}, send: asking("refused", allow), want: denied},
		{name: "the context is remembered", cites: applied, api: "configured",
			first: []request{asking("context", number("1"))}, send: asking("context", number("2")),
			want: answer{status: 200, event: map[string]string{"requestContext.authorizer.number": `"1"`}}},
		{name: "an error is not remembered", cites: chosen("whether errors of an authorizer are cached; the guide speaks of policies alone"), api: "configured",
			first: []request{asking("error", script.Script{Error: "Unauthorized"})}, send: asking("error", allow), want: answer{status: 200}},
		{name: "another credential is another answer", cites: workflow("the identity sources are the cache's key"), api: "configured",
			first: []request{asking("one", allow)}, send: asking("two", deny), want: denied},
		{name: "without caching each request is asked for", cites: workflow("caching can be turned off"), api: "plain",
			first: []request{asking("uncached", allow)}, send: asking("uncached", deny), want: explicitlyDenied()},
	}
}
