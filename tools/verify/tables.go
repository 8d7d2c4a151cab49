package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/tools/operator/stack"
)

// row is one item of a table.
type row map[string]types.AttributeValue

// maxRows bounds the search of one table: a deployed stack may hold millions.
const maxRows = 10_000

// get returns the row as of now, nil if there is none.
func (s *store) get(ctx context.Context, table string, key map[string]string) (row, error) {
	attributes := row{}
	for name, value := range key {
		attributes[name] = &types.AttributeValueMemberS{Value: value}
	}
	out, err := s.database.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(s.tables[table]), Key: attributes, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, stack.Explain("dynamodb:GetItem", err)
	}
	return out.Item, nil
}

// scan visits the rows of a table as of now, maxRows at most, and returns how many there were and whether those were all.
func (s *store) scan(ctx context.Context, table string, visit func(row) error) (visited int, all bool, err error) {
	pages := dynamodb.NewScanPaginator(s.database, &dynamodb.ScanInput{
		TableName: aws.String(s.tables[table]), ConsistentRead: aws.Bool(true),
	})
	for pages.HasMorePages() {
		if visited >= maxRows {
			return visited, false, nil
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return visited, false, stack.Explain("dynamodb:Scan", err)
		}
		for _, item := range page.Items {
			visited++
			if err := visit(item); err != nil {
				return visited, false, err
			}
		}
	}
	return visited, true, nil
}

// walk visits every value and every name in the row, at any depth, with the path to it.
func (r row) walk(visit func(path string, content []byte)) {
	for name, value := range r {
		visit(name, []byte(name))
		walkValue(name, value, visit)
	}
}

func walkValue(path string, value types.AttributeValue, visit func(path string, content []byte)) {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		visit(path, []byte(v.Value))
	case *types.AttributeValueMemberN:
		visit(path, []byte(v.Value))
	case *types.AttributeValueMemberB:
		visit(path, v.Value)
	case *types.AttributeValueMemberSS:
		for _, element := range v.Value {
			visit(path, []byte(element))
		}
	case *types.AttributeValueMemberNS:
		for _, element := range v.Value {
			visit(path, []byte(element))
		}
	case *types.AttributeValueMemberBS:
		for _, element := range v.Value {
			visit(path, element)
		}
	case *types.AttributeValueMemberL:
		for i, element := range v.Value {
			walkValue(fmt.Sprintf("%s[%d]", path, i), element, visit)
		}
	case *types.AttributeValueMemberM:
		for name, element := range v.Value {
			visit(path+".(name)", []byte(name))
			walkValue(path+".(member)", element, visit)
		}
	}
}

// text, number and binary return an attribute of that type; ok is false if it is absent or of another type.
func (r row) text(name string) (value string, ok bool) {
	v, ok := r[name].(*types.AttributeValueMemberS)
	if !ok {
		return "", false
	}
	return v.Value, true
}

func (r row) number(name string) (decimal string, ok bool) {
	v, ok := r[name].(*types.AttributeValueMemberN)
	if !ok {
		return "", false
	}
	return v.Value, true
}

func (r row) binary(name string) (value []byte, ok bool) {
	v, ok := r[name].(*types.AttributeValueMemberB)
	if !ok {
		return nil, false
	}
	return v.Value, true
}
