// Package dynamodb serves an in-memory DynamoDB over its real protocol, for local runs and tests.
//
// Expressions are evaluated by the interpreter of github.com/truora/minidyn; rows, transactions and the wire are here. What minidyn's
// own server would hide, and what still differs from AWS, docs/local.md lists under "DynamoDB".
package dynamodb

import (
	"regexp"
	"sync"

	"sallyport/tools/local/awsjson"
)

// Server is an http.Handler that is safe for concurrent use.
type Server struct {
	*awsjson.Server
	pattern *regexp.Regexp // a placeholder in an expression

	mu     sync.Mutex // guards everything below: one operation after the other
	tables map[string]*table
	tokens requestTokens
}

// NewServer returns a Server without tables.
func NewServer() *Server {
	s := &Server{tables: map[string]*table{}, pattern: placeholderPattern()}
	s.tokens.known = map[string]knownRequest{}
	s.Server = awsjson.New(awsjson.Protocol{
		Version: "1.0", Target: "DynamoDB_20120810", ErrorPrefix: "com.amazonaws.dynamodb.v20120810#", BodyLimit: 16 << 20,
	}, map[string]awsjson.Operation{
		"CreateTable":        locked(s, s.createTable),
		"DeleteTable":        locked(s, s.deleteTable),
		"DescribeTable":      locked(s, s.describeTable),
		"ListTables":         locked(s, s.listTables),
		"UpdateTimeToLive":   locked(s, s.updateTimeToLive),
		"DescribeTimeToLive": locked(s, s.describeTimeToLive),
		"GetItem":            locked(s, s.getItem),
		"BatchGetItem":       locked(s, s.batchGetItem),
		"PutItem":            locked(s, s.writeItem(put)),
		"UpdateItem":         locked(s, s.writeItem(update)),
		"DeleteItem":         locked(s, s.writeItem(remove)),
		"Query":              locked(s, s.query),
		"Scan":               locked(s, s.scan),
		"TransactWriteItems": locked(s, s.transactWriteItems),
	})
	return s
}

// locked decodes a request before it takes the lock, and encodes the items of its answer before it gives the lock back.
func locked[Request any](s *Server, serve func(*Request) (any, error)) awsjson.Operation {
	return awsjson.Decode(func(r *Request) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return serve(r)
	})
}
