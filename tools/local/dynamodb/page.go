package dynamodb

import (
	"encoding/json"
	"slices"
)

// pageLimit is how many bytes of rows, before they are filtered, end a page of Query or Scan.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
const pageLimit = 1 << 20

// pageRequest is a Query or a Scan.
type pageRequest struct {
	TableName              string
	IndexName              string
	ConsistentRead         bool
	Select                 string
	KeyConditionExpression string
	FilterExpression       string
	ProjectionExpression   string
	Limit                  *int // rows gone through; nil for as many as fit
	ExclusiveStartKey      item
	ScanIndexForward       *bool
	TotalSegments          *int
	placeholders
}

// view checks what the request says whatever the rows hold, and returns what it reads.
func (r *pageRequest) view(s *Server) (view, error) {
	t, err := s.table(r.TableName)
	if err != nil {
		return view{}, err
	}
	v, err := t.view(r.IndexName)
	switch {
	case err != nil:
		return v, err
	case r.ConsistentRead && v.index != nil:
		return v, validation("Consistent reads are not supported on global secondary indexes")
	case r.Limit != nil && *r.Limit < 1:
		return v, validation("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *r.Limit)
	case r.Select != "" && r.Select != "COUNT":
		return v, validation("The embedded DynamoDB does not know Select %s", r.Select)
	case r.TotalSegments != nil:
		return v, validation("The embedded DynamoDB does not scan in segments")
	}
	if err := r.check(s.pattern, r.KeyConditionExpression, r.FilterExpression, r.ProjectionExpression); err != nil {
		return v, err
	}
	if v.index != nil {
		names, err := r.projected()
		if err != nil {
			return v, err
		}
		for _, name := range names {
			if !v.index.projects(t, name) {
				return v, validation("One or more parameter values were invalid: Global secondary index %s does not project [%s]", v.index.name, name)
			}
		}
	}
	if r.ExclusiveStartKey != nil {
		if err := checkItem(r.ExclusiveStartKey); err != nil {
			return v, err
		}
		return v, v.checkStart(r.ExclusiveStartKey)
	}
	return v, nil
}

// page answers with what the filter leaves of the rows after the start key, as far as the limits go. A page that ends at a limit names
// its last row, even if no other comes after it.
func (r *pageRequest) page(v view, rows []item, order func(a, b item) int) (any, error) {
	if r.ExclusiveStartKey != nil {
		rows = slices.DeleteFunc(rows, func(row item) bool { return order(row, r.ExclusiveStartKey) <= 0 })
	}
	answer, items, size := map[string]any{}, []json.RawMessage{}, 0
	count, scanned := 0, 0
	for _, row := range rows {
		if v.index != nil {
			row = v.index.project(v.table, row)
		}
		scanned++
		kept, err := r.matches("FilterExpression", r.FilterExpression, row)
		if err != nil {
			return nil, err
		}
		if kept {
			projected, err := r.project(r.ProjectionExpression, row)
			if err != nil {
				return nil, err
			}
			count++
			items = append(items, encodeItem(projected))
		}
		if size += itemSize(row); size > pageLimit || r.Limit != nil && scanned == *r.Limit {
			answer["LastEvaluatedKey"] = encodeItem(v.keyOf(row))
			break
		}
	}
	if r.Select != "COUNT" {
		answer["Items"] = items
	}
	answer["Count"], answer["ScannedCount"] = count, scanned
	return answer, nil
}
