package apigw

import (
	"slices"
	"strconv"
	"strings"
)

// How many entries a page of a list has.
const (
	DefaultPageSize = 50
	MaxPageSize     = 100
)

// Query is the parameters of a request's query, each at most once.
type Query map[string]string

// QueryOf reads the query of a route that knows these parameters. The error's code is InvalidRequest: there is another one, or one twice.
func QueryOf(req Request, known ...string) (Query, error) {
	query := Query{}
	for name, value := range req.QueryStringParameters {
		query[name] = value
	}
	for name, values := range req.MultiValueQueryStringParameters {
		if len(values) != 1 {
			return nil, invalid("The query has a parameter twice.")
		}
		query[name] = values[0]
	}
	for name := range query {
		if !slices.Contains(known, name) {
			if len(known) == 0 {
				return nil, invalid("This route knows no query parameters.")
			}
			return nil, invalid("The query has a parameter that this route does not know. It knows " + strings.Join(known, ", ") + ".")
		}
	}
	return query, nil
}

// Optional returns a parameter's value, nil if the query does not have it.
func (q Query) Optional(name string) *string {
	if value, ok := q[name]; ok {
		return &value
	}
	return nil
}

// Page returns the page of a list that the parameters limit and cursor ask for: from 1 to MaxPageSize entries, DefaultPageSize if the
// query does not say, from the place on that the cursor names; without one, from the beginning. The error's code is InvalidRequest.
func (q Query) Page() (limit int, cursor string, err error) {
	limit = DefaultPageSize
	if text, ok := q["limit"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > MaxPageSize || strconv.Itoa(n) != text {
			return 0, "", invalid("The limit must be a whole number from 1 to 100.")
		}
		limit = n
	}
	cursor, ok := q["cursor"]
	if ok && cursor == "" {
		return 0, "", invalid("The cursor is empty. To begin, leave it out.")
	}
	return limit, cursor, nil
}
