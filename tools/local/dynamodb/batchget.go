package dynamodb

import (
	"encoding/json"
	"maps"
	"slices"
)

// Limits of BatchGetItem: keys in a request, and bytes of rows in an answer, which names the keys that it has left out.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
const (
	batchKeyLimit  = 100
	batchSizeLimit = 16 << 20
)

type batchGetRequest struct {
	RequestItems map[string]*keysAndAttributes // by table
}

// keysAndAttributes is what is asked of one table. ConsistentRead makes no difference here.
type keysAndAttributes struct {
	Keys                 []item
	ProjectionExpression string
	placeholders
	ConsistentRead *bool
}

func (s *Server) batchGetItem(r *batchGetRequest) (any, error) {
	asked := 0
	for _, of := range r.RequestItems {
		if of == nil || len(of.Keys) == 0 {
			return nil, validation("1 validation error detected: Value at 'requestItems' failed to satisfy constraint: a table's Keys must have at least 1 member")
		}
		asked += len(of.Keys)
	}
	if asked < 1 || asked > batchKeyLimit {
		return nil, validation("Too many items requested for the BatchGetItem call, or none: %d", asked)
	}
	responses, unprocessed, size := map[string][]json.RawMessage{}, map[string]any{}, 0
	for _, name := range slices.Sorted(maps.Keys(r.RequestItems)) {
		of := r.RequestItems[name]
		t, err := s.table(name)
		if err != nil {
			return nil, err
		}
		ids, err := of.ids(t, s)
		if err != nil {
			return nil, err
		}
		rows, left := []json.RawMessage{}, []json.RawMessage{}
		for i, id := range ids {
			row := t.rows[id]
			if row == nil {
				continue
			}
			if size += itemSize(row); size > batchSizeLimit {
				left = append(left, encodeItem(of.Keys[i]))
				continue
			}
			projected, err := of.project(of.ProjectionExpression, row)
			if err != nil {
				return nil, err
			}
			rows = append(rows, encodeItem(projected))
		}
		responses[name] = rows
		if len(left) > 0 {
			unprocessed[name] = of.remaining(left)
		}
	}
	return map[string]any{"Responses": responses, "UnprocessedKeys": unprocessed}, nil
}

// ids identifies the rows that are asked for, each of which may be asked for once.
func (of *keysAndAttributes) ids(t *table, s *Server) ([]string, error) {
	ids, seen := make([]string, len(of.Keys)), map[string]bool{}
	for i, key := range of.Keys {
		if err := checkItem(key); err != nil {
			return nil, err
		}
		id, err := t.exactKey(key)
		if err != nil {
			return nil, err
		}
		if seen[id] {
			return nil, validation("Provided list of item keys contains duplicates")
		}
		ids[i], seen[id] = id, true
	}
	if of.ProjectionExpression == "" && of.ExpressionAttributeNames == nil {
		return ids, nil
	}
	return ids, of.check(s.pattern, of.ProjectionExpression)
}

// remaining asks for what is left, as a caller may send it again.
func (of *keysAndAttributes) remaining(keys []json.RawMessage) map[string]any {
	rest := map[string]any{"Keys": keys}
	if of.ProjectionExpression != "" {
		rest["ProjectionExpression"] = of.ProjectionExpression
	}
	if of.ExpressionAttributeNames != nil {
		rest["ExpressionAttributeNames"] = of.ExpressionAttributeNames
	}
	if of.ConsistentRead != nil {
		rest["ConsistentRead"] = *of.ConsistentRead
	}
	return rest
}
