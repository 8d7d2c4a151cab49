package conformance_test

// localDifferences are what tools/local answers otherwise than AWS.
func localDifferences() []difference {
	late := answer{status: 504, kind: "InternalServerError", body: `{"message":"Endpoint request timed out"}`}
	return []difference{
		{"A function is given up on after 9.5 s, not 29: the system promises an answer within 10 s whatever hangs", same(late, "Limits and timeouts", "a function that takes 10 s")},
		{"A policy with a Condition is an AUTHORIZER_CONFIGURATION_ERROR: it is not evaluated, and so allows nothing", same(authorizerMisconfigured(), "Policies", "a condition that holds")},
		{"Functions see header names in Go's canonical spelling, not as the caller wrote them",
			map[string]answer{"Request headers/the spelling of a name": {status: 200, event: map[string]string{"headers.x-oDD-CASE": "", "headers.X-Odd-Case": `"1"`}}}},
		{"A request id is always new; a caller can't choose it",
			map[string]answer{"Request headers/a request id of the caller's": {status: 200, event: map[string]string{"headers.X-Amzn-Requestid": `"chosen"`}}}},
	}
}
