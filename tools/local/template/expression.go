package template

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ContextVariables lists the $context variables that the local gateway fills in, beside $context.authorizer.<key>.
// API Gateway Developer Guide, "Variables for data transformations for API Gateway".
func ContextVariables() []string {
	return []string{
		"$context.accountId", "$context.apiId", "$context.domainName", "$context.domainPrefix",
		"$context.error.message", "$context.error.messageString", "$context.error.responseType",
		"$context.error.validationErrorString", "$context.extendedRequestId", "$context.httpMethod",
		"$context.identity.sourceIp", "$context.identity.userAgent", "$context.path", "$context.protocol",
		"$context.requestId", "$context.requestTime", "$context.requestTimeEpoch", "$context.resourceId",
		"$context.resourcePath", "$context.stage",
	}
}

// BodyVariable finds the variables of a gateway response's body template. A dot belongs to the name only if a name
// goes on behind it. Such templates are not VTL: $util, $input and directives mean nothing in them.
// API Gateway Developer Guide, "Gateway responses for REST APIs in API Gateway".
func BodyVariable() *regexp.Regexp {
	return regexp.MustCompile(`\$[a-zA-Z][a-zA-Z0-9_-]*(?:\.[a-zA-Z0-9_-]+)*`)
}

// CheckBodyTemplate refuses a variable that the local gateway would leave empty, and what looks like VTL.
func CheckBodyTemplate(body string) error {
	for _, name := range BodyVariable().FindAllString(body, -1) {
		if !isVariable(name) {
			return fmt.Errorf("the variable %s is not known to the local gateway", name)
		}
	}
	if strings.Contains(body, "${") || strings.Contains(body, "$!") {
		return fmt.Errorf("the form ${…} is VTL, which gateway responses don't have")
	}
	return nil
}

// CheckHeaderMapping refuses what is no mapping expression for a gateway response's header: a literal in single quotes,
// context.<variable>, method.request.header.<name>, method.request.querystring.<name> or method.request.path.<name>.
// API Gateway Developer Guide, "Set up a gateway response for a REST API using the API Gateway console".
func CheckHeaderMapping(expression string) error {
	if len(expression) >= 2 && strings.HasPrefix(expression, "'") && strings.HasSuffix(expression, "'") {
		if strings.ContainsAny(expression, "\r\n\x00") {
			return fmt.Errorf("the literal spans lines")
		}
		return nil
	}
	for _, prefix := range []string{"method.request.header.", "method.request.querystring.", "method.request.path."} {
		if name, ok := strings.CutPrefix(expression, prefix); ok && name != "" {
			return nil
		}
	}
	if strings.HasPrefix(expression, "context.") && isVariable("$"+expression) {
		return nil
	}
	return fmt.Errorf("%q is not a mapping expression", expression)
}

func isVariable(name string) bool {
	key, ok := strings.CutPrefix(name, "$context.authorizer.")
	return ok && key != "" && !strings.Contains(key, ".") || slices.Contains(ContextVariables(), name)
}
