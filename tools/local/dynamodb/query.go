package dynamodb

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// scan goes through all rows of a table or index.
func (s *Server) scan(r *pageRequest) (any, error) {
	v, err := r.view(s)
	if err != nil {
		return nil, err
	}
	if _, err := parseCondition("FilterExpression", r.FilterExpression); err != nil {
		return nil, err
	}
	return r.page(v, v.rowsInOrder(), v.compare)
}

// query goes through one partition in the order of the sort key. It looks at every row for that: fine for what a local run holds.
func (s *Server) query(r *pageRequest) (any, error) {
	v, err := r.view(s)
	if err != nil {
		return nil, err
	}
	condition, err := r.keyCondition(v)
	if err != nil {
		return nil, err
	}
	filtered, err := parseCondition("FilterExpression", r.FilterExpression)
	if err != nil {
		return nil, err
	}
	for _, name := range filtered {
		if name = r.name(name); isKey(v.schema, name) {
			return nil, validation("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", name)
		}
	}
	if r.ExclusiveStartKey != nil && !condition.meets(v, r.ExclusiveStartKey) {
		return nil, validation("The provided starting key is outside query boundaries based on provided conditions")
	}
	rows := slices.DeleteFunc(v.rowsInOrder(), func(row item) bool { return !condition.meets(v, row) })
	order := v.compare
	if r.ScanIndexForward != nil && !*r.ScanIndexForward {
		slices.Reverse(rows)
		order = func(a, b item) int { return v.compare(b, a) }
	}
	return r.page(v, rows, order)
}

// meets tells whether a row, or the key of one, meets the condition.
func (c keyCondition) meets(v view, row item) bool {
	if compareValues(row[aws.ToString(v.schema[0].AttributeName)], c.partition) != 0 {
		return false
	}
	return c.sort == nil || c.sort.holds(row[aws.ToString(v.schema[1].AttributeName)])
}
