package dynamo

import (
	"fmt"
	"math"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

// ReasonMalformed is why a row is refused that no function of ours can have written.
const ReasonMalformed apperr.Reason = "row_malformed"

// Row reads the attributes of a stored row. The first attribute that is missing or of another type than asked for makes the
// whole row malformed: Err then says so, and what the methods returned means nothing.
type Row struct {
	table      string
	path       string // where in the row this is: empty, or "sessions."
	attributes Item
	malformed  *error // shared with the rows within this one
}

// NewRow returns the reader of a row of the named table.
func NewRow(table string, attributes Item) *Row {
	return &Row{table: table, attributes: attributes, malformed: new(error)}
}

// Err returns nil if every attribute that was asked for is there as it should be. Its code is apperr.Corrupt.
func (r *Row) Err() error {
	if *r.malformed == nil {
		return nil
	}
	return apperr.Tampered(ReasonMalformed, *r.malformed)
}

// Refuse makes the row malformed. The text names no value.
func (r *Row) Refuse(name, what string) {
	if *r.malformed == nil {
		*r.malformed = fmt.Errorf("dynamo: in a row of %s, the attribute %s%s %s", r.table, r.path, name, what)
	}
}

// Has reports whether there is such an attribute, of whatever type.
func (r *Row) Has(name string) bool {
	_, ok := r.attributes[name]
	return ok
}

// Text returns a string that is not empty.
func (r *Row) Text(name string) string {
	value, ok := r.attributes[name].(*types.AttributeValueMemberS)
	if !ok || value.Value == "" {
		r.Refuse(name, "is no text")
		return ""
	}
	return value.Value
}

// Int returns a whole number from 0 to most.
func (r *Row) Int(name string, most int64) int64 {
	value, ok := r.attributes[name].(*types.AttributeValueMemberN)
	if !ok {
		r.Refuse(name, "is no number")
		return 0
	}
	n, err := strconv.ParseInt(value.Value, 10, 64)
	if err != nil || n < 0 || n > most {
		r.Refuse(name, "is no whole number within its bounds")
		return 0
	}
	return n
}

// Count returns a whole number from 0 to 2^31-1.
func (r *Row) Count(name string) int { return int(r.Int(name, math.MaxInt32)) }

// Number returns a whole number that is not negative: a time, a step, a revision.
func (r *Row) Number(name string) int64 { return r.Int(name, math.MaxInt64) }

// Bytes returns a binary value that is not empty.
func (r *Row) Bytes(name string) []byte {
	value, ok := r.attributes[name].(*types.AttributeValueMemberB)
	if !ok || len(value.Value) == 0 {
		r.Refuse(name, "is no binary value")
		return nil
	}
	return value.Value
}

// ID returns a user's or a token's id.
func (r *Row) ID(name string) token.ID {
	id, ok := token.ParseID(r.Text(name))
	if !ok {
		r.Refuse(name, "is no id")
	}
	return id
}

// Role returns a role.
func (r *Row) Role(name string) policy.Role {
	role, ok := policy.ParseRole(r.Text(name))
	if !ok {
		r.Refuse(name, "is no role")
	}
	return role
}

// Texts returns a list of strings, empty rather than nil.
func (r *Row) Texts(name string) []string {
	list, ok := r.attributes[name].(*types.AttributeValueMemberL)
	if !ok {
		r.Refuse(name, "is no list")
		return nil
	}
	texts := make([]string, 0, len(list.Value))
	for _, element := range list.Value {
		value, ok := element.(*types.AttributeValueMemberS)
		if !ok || value.Value == "" {
			r.Refuse(name, "has an element that is no text")
			return nil
		}
		texts = append(texts, value.Value)
	}
	return texts
}

// Routes returns a list of routes.
func (r *Row) Routes(name string) []policy.Route {
	texts := r.Texts(name)
	routes := make([]policy.Route, len(texts))
	for i, text := range texts {
		route, ok := policy.ParseRoute(text)
		if !ok {
			r.Refuse(name, "has an element that is no route")
			return nil
		}
		routes[i] = route
	}
	return routes
}

// Numbers returns a map of whole numbers that are not negative, empty rather than nil.
func (r *Row) Numbers(name string) map[string]int64 {
	outer, ok := r.attributes[name].(*types.AttributeValueMemberM)
	if !ok {
		r.Refuse(name, "is no map")
		return nil
	}
	inner := &Row{table: r.table, path: r.path + name + ".", attributes: outer.Value, malformed: r.malformed}
	numbers := make(map[string]int64, len(outer.Value))
	for key := range outer.Value {
		numbers[key] = inner.Number(key)
	}
	return numbers
}

// Rows returns a map of maps, each of which reads as a row within this one.
func (r *Row) Rows(name string) map[string]*Row {
	outer, ok := r.attributes[name].(*types.AttributeValueMemberM)
	if !ok {
		r.Refuse(name, "is no map")
		return nil
	}
	rows := make(map[string]*Row, len(outer.Value))
	for key, element := range outer.Value {
		inner, ok := element.(*types.AttributeValueMemberM)
		if !ok {
			r.Refuse(name, "has an element that is no map")
			return nil
		}
		rows[key] = &Row{table: r.table, path: r.path + name + ".", attributes: inner.Value, malformed: r.malformed}
	}
	return rows
}
