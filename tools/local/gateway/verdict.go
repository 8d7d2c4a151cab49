package gateway

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// verdict is an authorizer's answer. "Output from an API Gateway Lambda authorizer".
type verdict struct {
	principalID string
	context     map[string]any // texts, or nil for null
	statements  []statement
}

// parseVerdict reads an authorizer's answer. What the service can't make sense of is an error, as it is there: the
// caller gets AUTHORIZER_CONFIGURATION_ERROR. Errors don't repeat values of the answer.
func parseVerdict(payload []byte) (*verdict, error) {
	var answer struct {
		PrincipalID    *string                   `json:"principalId"`
		PolicyDocument jsontext.Value            `json:"policyDocument"`
		Context        map[string]jsontext.Value `json:"context"`
	}
	if err := json.Unmarshal(payload, &answer); err != nil {
		return nil, errors.New("it is not a JSON object with principalId, policyDocument and context")
	}
	if answer.PrincipalID == nil || *answer.PrincipalID == "" {
		return nil, errors.New("principalId is missing")
	}
	if answer.PolicyDocument == nil || answer.PolicyDocument.Kind() == 'n' {
		return nil, errors.New("policyDocument is missing")
	}
	v := &verdict{principalID: *answer.PrincipalID}
	var err error
	if v.statements, err = parsePolicy(answer.PolicyDocument); err != nil {
		return nil, fmt.Errorf("policyDocument: %w", err)
	}
	if len(answer.Context) > 0 {
		v.context = make(map[string]any, len(answer.Context))
	}
	for key, value := range answer.Context {
		if v.context[key], err = contextValue(value); err != nil {
			return nil, fmt.Errorf("context.%s: %w", key, err)
		}
	}
	return v, nil
}

// contextValue turns a value into text: "The returned values are all stringified. Notice that you cannot set a JSON
// object or array as a valid value of any key in the context map."
func contextValue(value jsontext.Value) (any, error) {
	switch value.Kind() {
	case '"':
		var text string
		err := json.Unmarshal(value, &text)
		return text, err
	case '0', 't', 'f':
		return string(value), nil
	case 'n':
		return nil, nil
	}
	return nil, errors.New("an object or a list can't be a value")
}
