package dynamo

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/policy"
)

// Item is a row, or a row's key, or the values of an expression.
type Item = map[string]types.AttributeValue

// S is a string value.
func S(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// N is a number value.
func N(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// B is a binary value.
func B(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

// Numbers is a map of numbers, as Row.Numbers reads it.
func Numbers(numbers map[string]int64) types.AttributeValue {
	m := make(Item, len(numbers))
	for key, n := range numbers {
		m[key] = N(n)
	}
	return M(m)
}

// M is a map value.
func M(m Item) types.AttributeValue { return &types.AttributeValueMemberM{Value: m} }

// Routes is a list of routes, as Row.Routes reads it.
func Routes(routes []policy.Route) types.AttributeValue {
	texts := make([]string, len(routes))
	for i, route := range routes {
		texts[i] = route.String()
	}
	return Strings(texts)
}

// Strings is a list of strings.
func Strings(list []string) types.AttributeValue {
	values := make([]types.AttributeValue, len(list))
	for i, s := range list {
		values[i] = S(s)
	}
	return &types.AttributeValueMemberL{Value: values}
}
