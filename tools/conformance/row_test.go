package conformance_test

// row is one behaviour of the service. What an emulator answers instead is in localDifferences or samDifferences.
type row struct {
	name  string
	cites source
	api   string    // which fixture: testdata/<api>.yaml
	first []request // sent before, their answers ignored
	send  request
	want  answer // AWS's
	slow  bool   // takes so long that it is asked beside others even where rows are asked one by one
}

// answer is what a row expects. What it leaves empty is not looked at.
type answer struct {
	status int
	header map[string]string // "" for one that must not be there; several values are joined by " + "
	body   string            // without a newline at the end; the beginning alone if it ends in …
	event  map[string]string // of the body, which is an event: JSON by path, as requestContext.stage; "" for absent
	kind   string            // X-Amzn-Errortype, without Exception, of an answer that the gateway itself made
	broken bool              // the body ends before the length that was announced
}

// area is a part of the table.
type area struct {
	name string
	rows []row
}

// table is all rows, in the order of docs/local.md.
func table() []area {
	return []area{
		{"Authorizer outcomes", authorizerRows()},
		{"Authorizer context", contextRows()},
		{"Policies", policyRows()},
		{"Result caching", cacheRows()},
		{"Gateway responses", gatewayResponseRows()},
		{"Routing, paths and methods", routeRows()},
		{"CORS", corsRows()},
		{"Request headers", requestHeaderRows()},
		{"Query strings", queryRows()},
		{"Bodies", bodyRows()},
		{"Stages", stageRows()},
		{"Answers of functions", functionRows()},
		{"Response headers", responseHeaderRows()},
		{"Limits and timeouts", limitRows()},
	}
}
