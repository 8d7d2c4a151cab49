package dynamodb

import (
	"encoding/base64"
	"encoding/json"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	engine "github.com/truora/minidyn/types"
)

// item holds attribute values by name. On the wire it is {"name":{"S":"value"},…}; a value's Go type has one field for each type of
// value, of which one is set. Items and values are never changed once made, so they are shared freely.
type item = map[string]*value

type value = engine.Item

// checkItem refuses values that have no type, or more than one.
func checkItem(it item) error {
	for name, value := range it {
		if err := checkValue(name, value); err != nil {
			return err
		}
	}
	return nil
}

func checkValue(name string, v *value) error {
	if v == nil {
		return validation("Supplied AttributeValue of %s is null", name)
	}
	set := 0
	for _, present := range []bool{v.S != nil, v.N != nil, v.B != nil, v.BOOL != nil, v.NULL != nil, v.M != nil, v.L != nil, v.SS != nil, v.NS != nil, v.BS != nil} {
		if present {
			set++
		}
	}
	if set != 1 {
		return validation("Supplied AttributeValue of %s must contain exactly one of the supported datatypes, not %d", name, set)
	}
	for _, sized := range []bool{v.SS != nil && len(v.SS) == 0, v.NS != nil && len(v.NS) == 0, v.BS != nil && len(v.BS) == 0} {
		if sized {
			return validation("One or more parameter values were invalid: An empty set is not allowed: %s", name)
		}
	}
	if v.N != nil {
		if _, err := strconv.ParseFloat(*v.N, 64); err != nil {
			return validation("The parameter cannot be converted to a numeric value: %s", name)
		}
	}
	for _, inner := range v.L {
		if err := checkValue(name, inner); err != nil {
			return err
		}
	}
	return checkItem(v.M)
}

// answerItem returns {"member":item}, or {} without an item.
func answerItem(member string, it item) json.RawMessage {
	if it == nil {
		return json.RawMessage("{}")
	}
	dst := make([]byte, 0, 1024)
	dst = append(dst, `{"`...)
	dst = append(dst, member...)
	dst = append(dst, `":`...)
	dst = appendMap(dst, it)
	return append(dst, '}')
}

func encodeItem(it item) json.RawMessage {
	if it == nil {
		return nil
	}
	return appendMap(nil, it)
}

func appendMap(dst []byte, m item) []byte {
	dst = append(dst, '{')
	first := true
	for name, value := range m {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendString(dst, name)
		dst = append(dst, ':')
		dst = appendValue(dst, value)
	}
	return append(dst, '}')
}

// appendValue writes {"<type>":<value>}.
func appendValue(dst []byte, v *value) []byte {
	switch {
	case v.S != nil:
		dst = appendString(append(dst, `{"S":`...), *v.S)
	case v.N != nil:
		dst = appendString(append(dst, `{"N":`...), *v.N)
	case v.B != nil:
		dst = appendBinary(append(dst, `{"B":`...), v.B)
	case v.BOOL != nil:
		dst = strconv.AppendBool(append(dst, `{"BOOL":`...), *v.BOOL)
	case v.M != nil:
		dst = appendMap(append(dst, `{"M":`...), v.M)
	case v.L != nil:
		dst = appendList(append(dst, `{"L":`...), v.L, appendValue)
	case v.SS != nil:
		dst = appendList(append(dst, `{"SS":`...), v.SS, appendStringPointer)
	case v.NS != nil:
		dst = appendList(append(dst, `{"NS":`...), v.NS, appendStringPointer)
	case v.BS != nil:
		dst = appendList(append(dst, `{"BS":`...), v.BS, appendBinary)
	default:
		dst = append(dst, `{"NULL":true`...)
	}
	return append(dst, '}')
}

func appendList[T any](dst []byte, list []T, appendOne func([]byte, T) []byte) []byte {
	dst = append(dst, '[')
	for i, one := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendOne(dst, one)
	}
	return append(dst, ']')
}

func appendStringPointer(dst []byte, s *string) []byte { return appendString(dst, *s) }

func appendString(dst []byte, s string) []byte {
	// The only error is invalid UTF-8, which is replaced; what came in as JSON has none.
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}

func appendBinary(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}
