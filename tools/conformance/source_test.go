package conformance_test

// source says where a row's expectation comes from: documentation of AWS, a public recording of the service where the
// documentation is silent, or neither, where tools/local had to choose.
type source struct {
	title, url string
	unknown    bool
}

const guidePages = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"

func guide(page, title string) source { return source{title: title, url: guidePages + page + ".html"} }

// Pages of AWS's documentation that several rows cite.
func workflow(says string) source {
	return guide("apigateway-use-lambda-authorizer", "Lambda authorizers, workflow: "+says)
}
func input(says string) source {
	return guide("api-gateway-lambda-authorizer-input", "Input to a Lambda authorizer: "+says)
}
func output(says string) source {
	return guide("api-gateway-lambda-authorizer-output", "Output from a Lambda authorizer: "+says)
}
func responseType(says string) source {
	return guide("supported-gateway-response-types", "Gateway response types: "+says)
}
func gatewayResponse(says string) source {
	return guide("api-gateway-gatewayResponse-definition", "Gateway responses for REST APIs: "+says)
}
func notes(says string) source { return guide("api-gateway-known-issues", "Important notes: "+says) }
func proxy(says string) source {
	return guide("set-up-lambda-proxy-integrations", "Lambda proxy integrations: "+says)
}
func quotas(says string) source {
	return guide("api-gateway-execution-service-limits-table", "Quotas for a REST API: "+says)
}
func conversions(says string) source {
	return guide("api-gateway-payload-encodings-workflow", "Content type conversions: "+says)
}
func binaryMedia(says string) source {
	return guide("lambda-proxy-binary-media", "Return binary media: "+says)
}

func lambdaPayload() source {
	return source{title: "Lambda quotas: invocation payload", url: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"}
}

func iam(page, says string) source {
	return source{title: "IAM: " + says, url: "https://docs.aws.amazon.com/IAM/latest/UserGuide/" + page + ".html"}
}
func evaluation(says string) source {
	return iam("reference_policies_evaluation-logic", "policy evaluation logic: "+says)
}
func element(name, says string) source {
	return iam("reference_policies_elements_"+name, "policy element "+name+": "+says)
}

func sam(page, says string) source {
	return source{title: "SAM: " + says, url: "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/" + page + ".html"}
}

// measured cites a recording of the service's answers: LocalStack's snapshots, made by tests that run against AWS.
func measured(file, says string) source {
	return source{title: "Measured: " + says, url: "https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/" + file}
}

// reported cites a public report of the service's behaviour.
func reported(url, says string) source { return source{title: "Reported: " + says, url: url} }

// chosen is a choice of tools/local where no source is known.
func chosen(says string) source { return source{title: "Not known: " + says, unknown: true} }
