package conformance_test

import "sallyport/tools/conformance/script"

// Answers of the authorizer.

// invoke is the action that a statement must cover.
const invoke = `"execute-api:Invoke"`

// verdict is an authorizer's answer with the given members beside the principal, as `"policyDocument":{}`.
func verdict(members string) string { return `{"principalId":"p",` + members + `}` }

// policy is an answer with the given statements.
func policy(statements string) string {
	return verdict(`"policyDocument":{"Version":"2012-10-17","Statement":[` + statements + `]}`)
}

// statement is one statement; action and resource are JSON.
func statement(effect, action, resource string) string {
	return `{"Effect":"` + effect + `","Action":` + action + `,"Resource":` + resource + `}`
}

// allowing is an answer that allows the calls of resource, a pattern.
func allowing(resource string) string { return policy(statement("Allow", invoke, `"`+resource+`"`)) }

// allowingWith is an answer that allows everything, with a context.
func allowingWith(context string) string {
	return verdict(`"policyDocument":{"Version":"2012-10-17","Statement":[` + statement("Allow", invoke, `"*"`) + `]},"context":` + context)
}

// Answers of the gateway, as it words them where nothing is configured.
func unauthorized() answer {
	return answer{status: 401, kind: "Unauthorized", body: `{"message":"Unauthorized"}`}
}

func authorizerFailed() answer {
	return answer{status: 500, kind: "AuthorizerFailure", body: `{"message":null}`}
}

func authorizerMisconfigured() answer {
	return answer{status: 500, kind: "AuthorizerConfiguration", body: `{"message":null}`}
}

func implicitlyDenied() answer {
	return answer{status: 403, kind: "AccessDenied", body: `{"Message":"User is not authorized to access this resource"}`}
}

func explicitlyDenied() answer {
	return answer{status: 403, kind: "AccessDenied", body: `{"Message":"User is not authorized to access this resource with an explicit deny"}`}
}

func unknownRoute() answer {
	return answer{status: 403, kind: "MissingAuthenticationToken", body: `{"message":"Missing Authentication Token"}`}
}

func badGateway() answer {
	return answer{status: 502, kind: "InternalServerError", body: `{"message":"Internal server error"}`}
}

// policyRows ask GET /guarded/7, each with another policy.
func policyRows() []row {
	guarded := func(name string, cites source, answered string, want answer) row {
		return row{name: name, cites: cites, api: "plain", send: get("/guarded/7").authorized(answered), want: want}
	}
	allowed := answer{status: 200, event: map[string]string{"pathParameters.id": `"7"`}}
	quoted := func(s string) string { return `"` + s + `"` }
	exactly, everything := quoted(script.MethodARN), `"*"`
	grammar := iam("reference_policies_grammar", "grammar of the JSON policy language")
	execution := guide("api-gateway-control-access-using-iam-policies-to-invoke-api", "Statement reference of IAM policies for executing API")
	return []row{
		guarded("the very method", execution, policy(statement("Allow", invoke, exactly)), allowed),
		guarded("a statement that is no list", grammar, verdict(`"policyDocument":{"Version":"2012-10-17","Statement":`+statement("Allow", invoke, exactly)+`}`), allowed),
		guarded("no version", grammar, verdict(`"policyDocument":{"Statement":[`+statement("Allow", invoke, exactly)+`]}`), allowed),
		guarded("every action", element("action", "wildcards"), policy(statement("Allow", everything, everything)), allowed),
		guarded("every action of the service", element("action", "wildcards"), policy(statement("Allow", `"execute-api:*"`, everything)), allowed),
		guarded("a ? in the action", element("action", "wildcards"), policy(statement("Allow", `"execute-api:Inv?ke"`, everything)), allowed),
		guarded("the action in another case", element("action", "not case-sensitive"), policy(statement("Allow", `"Execute-API:invoke"`, everything)), allowed),
		guarded("one of several actions", element("action", "lists"), policy(statement("Allow", `["s3:*",`+invoke+`]`, everything)), allowed),
		guarded("another action", execution, policy(statement("Allow", `"execute-api:ManageConnections"`, everything)), implicitlyDenied()),
		guarded("all but another action", element("notaction", "with Allow"), policy(`{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}`), allowed),
		guarded("all but this action", element("notaction", "with Allow"), policy(`{"Effect":"Allow","NotAction":`+invoke+`,"Resource":"*"}`), implicitlyDenied()),
		guarded("a * across slashes", element("resource", "wildcards"), allowing(script.StageARN+"*"), allowed),
		guarded("any method", element("resource", "wildcards"), allowing(script.StageARN+"*/guarded/7"), allowed),
		guarded("any region, account and API", element("resource", "wildcards"), allowing("arn:aws:execute-api:*:*:*/plain/GET/guarded/7"), allowed),
		guarded("a ? for a character", element("resource", "wildcards"), allowing(script.StageARN+"GET/guarded/?"), allowed),
		guarded("a ? for no character", element("resource", "wildcards"), allowing(script.StageARN+"GET/guarded/7?"), implicitlyDenied()),
		guarded("one of several resources", element("resource", "lists"), policy(statement("Allow", invoke, `["arn:aws:s3:::x",`+exactly+`]`)), allowed),
		guarded("a beginning of the resource", element("resource", "wildcards"), allowing(script.StageARN+"GET/guarded"), implicitlyDenied()),
		guarded("a dot stands for itself", element("resource", "wildcards"), allowing(script.StageARN+"GET/guarded.7"), implicitlyDenied()),
		guarded("the path in another case", output("Resource is the method's ARN"), allowing(script.StageARN+"GET/GUARDED/7"), implicitlyDenied()),
		guarded("another method", execution, allowing(script.StageARN+"POST/guarded/7"), implicitlyDenied()),
		guarded("another stage", execution, allowing("arn:aws:execute-api:*:*:*/prod/*"), implicitlyDenied()),
		guarded("all but another resource", element("notresource", "with Allow"), policy(`{"Effect":"Allow","Action":`+invoke+`,"NotResource":"`+script.StageARN+`GET/other"}`), allowed),
		guarded("all but this resource", element("notresource", "with Allow"), policy(`{"Effect":"Allow","Action":`+invoke+`,"NotResource":"`+script.StageARN+`GET/*"}`), implicitlyDenied()),
		guarded("deny alone", evaluation("an explicit deny"), policy(statement("Deny", invoke, everything)), explicitlyDenied()),
		guarded("deny after allow", evaluation("an explicit deny outweighs every allow"), policy(statement("Allow", invoke, everything)+","+statement("Deny", invoke, exactly)), explicitlyDenied()),
		guarded("allow after deny", evaluation("an explicit deny outweighs every allow"), policy(statement("Deny", invoke, exactly)+","+statement("Allow", invoke, everything)), explicitlyDenied()),
		guarded("deny of all but others", element("notaction", "with Deny"), policy(statement("Allow", invoke, everything)+`,{"Effect":"Deny","NotAction":"s3:*","NotResource":"arn:aws:s3:::x"}`), explicitlyDenied()),
		guarded("deny of something else", evaluation("statements that apply"), policy(statement("Deny", invoke, `"`+script.StageARN+`GET/other"`)+","+statement("Allow", invoke, everything)), allowed),
		guarded("a condition that holds", execution, policy(`{"Effect":"Allow","Action":`+invoke+`,"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`), allowed),
		guarded("an effect in small letters", element("effect", "Allow and Deny, case-sensitive"), policy(`{"Effect":"allow","Action":`+invoke+`,"Resource":"*"}`), authorizerMisconfigured()),
		guarded("no statement", chosen("a policy without a statement"), policy(""), authorizerMisconfigured()),
	}
}
