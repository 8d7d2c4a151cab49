package dynamodb

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type getRequest struct {
	TableName            string
	Key                  item
	ProjectionExpression string
	placeholders
}

func (s *Server) getItem(r *getRequest) (any, error) {
	t, err := s.table(r.TableName)
	if err != nil {
		return nil, err
	}
	id, err := t.exactKey(r.Key)
	if err != nil {
		return nil, err
	}
	if r.ProjectionExpression == "" && r.ExpressionAttributeNames == nil {
		return answerItem("Item", t.rows[id]), nil
	}
	if err := r.check(s.pattern, r.ProjectionExpression); err != nil {
		return nil, err
	}
	projected, err := r.project(r.ProjectionExpression, t.rows[id])
	if err != nil {
		return nil, err
	}
	return answerItem("Item", projected), nil
}

type pageRequest struct {
	TableName              string
	KeyConditionExpression string
	FilterExpression       string
	ProjectionExpression   string
	Limit                  int // rows read, 0 for all
	ExclusiveStartKey      item
	ScanIndexForward       *bool
	placeholders
}

// scan reads rows in the order of their ids, which is nobody's business, as with DynamoDB.
func (s *Server) scan(r *pageRequest) (any, error) {
	t, err := s.table(r.TableName)
	if err != nil {
		return nil, err
	}
	return s.page(t, r, slices.Sorted(maps.Keys(t.rows)))
}

// query looks at every row for those that meet the key condition: fine for what a local run holds.
func (s *Server) query(r *pageRequest) (any, error) {
	t, err := s.table(r.TableName)
	if err != nil {
		return nil, err
	}
	if r.KeyConditionExpression == "" {
		return nil, validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	var ids []string
	for id, row := range t.rows {
		met, err := r.matches(r.KeyConditionExpression, row)
		if err != nil {
			return nil, err
		}
		if met {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return t.compareSortKeys(t.rows[a], t.rows[b]) })
	if r.ScanIndexForward != nil && !*r.ScanIndexForward {
		slices.Reverse(ids)
	}
	return s.page(t, r, ids)
}

func (s *Server) page(t *table, r *pageRequest, ids []string) (any, error) {
	if err := r.check(s.pattern, r.KeyConditionExpression, r.FilterExpression, r.ProjectionExpression); err != nil {
		return nil, err
	}
	if r.ExclusiveStartKey != nil {
		start, err := t.exactKey(r.ExclusiveStartKey)
		if err != nil {
			return nil, err
		}
		ids = ids[slices.Index(ids, start)+1:]
	}
	answer := map[string]any{}
	if r.Limit > 0 && len(ids) > r.Limit {
		ids = ids[:r.Limit]
		answer["LastEvaluatedKey"] = encodeItem(t.keyOf(t.rows[ids[len(ids)-1]]))
	}
	items := []json.RawMessage{}
	for _, id := range ids {
		kept, err := r.matches(r.FilterExpression, t.rows[id])
		if err != nil {
			return nil, err
		}
		if !kept {
			continue
		}
		projected, err := r.project(r.ProjectionExpression, t.rows[id])
		if err != nil {
			return nil, err
		}
		items = append(items, encodeItem(projected))
	}
	answer["Items"], answer["Count"], answer["ScannedCount"] = items, len(items), len(ids)
	return answer, nil
}

// compareSortKeys orders rows of one partition: numbers as numbers, strings and binaries by their bytes.
func (t *table) compareSortKeys(a, b item) int {
	if len(t.schema) < 2 {
		return 0
	}
	name := aws.ToString(t.schema[1].AttributeName)
	x, y := a[name], b[name]
	switch t.kind(t.schema[1]) {
	case types.ScalarAttributeTypeN:
		m, _ := strconv.ParseFloat(*x.N, 64) // checked when it was written
		n, _ := strconv.ParseFloat(*y.N, 64) // likewise
		return cmp.Compare(m, n)
	case types.ScalarAttributeTypeB:
		return bytes.Compare(x.B, y.B)
	default:
		return cmp.Compare(*x.S, *y.S)
	}
}

func (t *table) keyOf(row item) item {
	key := item{}
	for _, k := range t.schema {
		key[aws.ToString(k.AttributeName)] = row[aws.ToString(k.AttributeName)]
	}
	return key
}
