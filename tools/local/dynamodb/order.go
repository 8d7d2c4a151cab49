package dynamodb

import (
	"bytes"
	"cmp"
	"hash/fnv"
	"math/big"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// view is what a Query or a Scan reads: a table, or one of its indexes.
type view struct {
	*table
	index  *index                   // nil: the table itself
	schema []types.KeySchemaElement // of the index, or of the table
}

func (t *table) view(indexName string) (view, error) {
	if indexName == "" {
		return view{t, nil, t.schema}, nil
	}
	i := slices.IndexFunc(t.indexes, func(i index) bool { return i.name == indexName })
	if i < 0 {
		return view{}, validation("The table does not have the specified index: %s", indexName)
	}
	return view{t, &t.indexes[i], t.indexes[i].schema}, nil
}

// rowsInOrder returns the rows of the view as a Scan meets them: partitions in an order that is nobody's business, as with DynamoDB, and
// within one by the sort key.
func (v view) rowsInOrder() []item {
	rows := make([]item, 0, len(v.rows))
	for _, row := range v.rows {
		if v.index == nil || v.index.holds(row) {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, v.compare)
	return rows
}

// compare orders rows, or keys of rows that are there no more.
func (v view) compare(a, b item) int {
	partition := aws.ToString(v.schema[0].AttributeName)
	if order := compareValues(a[partition], b[partition]); order != 0 {
		return cmp.Or(cmp.Compare(hash(a[partition]), hash(b[partition])), order)
	}
	keys := v.schema[1:]
	if v.index != nil {
		keys = slices.Concat(keys, v.table.schema) // rows of an index may agree in its whole key
	}
	for _, key := range keys {
		name := aws.ToString(key.AttributeName)
		if order := compareValues(a[name], b[name]); order != 0 {
			return order
		}
	}
	return 0
}

func hash(v *value) uint64 {
	h := fnv.New64a()
	switch {
	case v.S != nil:
		h.Write([]byte(*v.S))
	case v.N != nil:
		h.Write([]byte(number(v).RatString()))
	default:
		h.Write(v.B)
	}
	return h.Sum64()
}

// compareValues orders two values of one type, which a key can have: numbers as numbers, strings and binaries by their bytes.
func compareValues(a, b *value) int {
	switch {
	case a.N != nil:
		return number(a).Cmp(number(b))
	case a.B != nil:
		return bytes.Compare(a.B, b.B)
	default:
		return cmp.Compare(*a.S, *b.S)
	}
}

// number is the value of a number, which checkValue has found to be one.
func number(v *value) *big.Rat {
	n, _ := new(big.Rat).SetString(*v.N)
	return n
}

// keyOf is the key by which a later page of the view goes on: the table's, and the index's too if it is one.
func (v view) keyOf(row item) item {
	key := item{}
	for _, k := range slices.Concat(v.schema, v.table.schema) {
		key[aws.ToString(k.AttributeName)] = row[aws.ToString(k.AttributeName)]
	}
	return key
}

// checkStart refuses an ExclusiveStartKey that keyOf can't have made. The row that it names may be gone.
func (v view) checkStart(key item) error {
	want := map[string]bool{}
	for _, schema := range [][]types.KeySchemaElement{v.schema, v.table.schema} {
		for position, k := range schema {
			want[aws.ToString(k.AttributeName)] = true
			if _, err := v.keyText(k, position, key); err != nil {
				return validation("The provided starting key is invalid: %v", err)
			}
		}
	}
	if len(key) != len(want) {
		return validation("The provided starting key is invalid: it has attributes that are not the key's")
	}
	return nil
}
