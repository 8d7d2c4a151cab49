package dynamodb

import (
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/tools/local/awsjson"
)

// Limits of key values, in bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const (
	partitionKeyLimit = 2048
	sortKeyLimit      = 1024
)

type table struct {
	name         string
	schema       []types.KeySchemaElement // partition key, then the sort key if there is one
	definitions  []types.AttributeDefinition
	ttlAttribute string          // empty: time to live is off
	rows         map[string]item // by rowID
}

func (s *Server) table(name string) (*table, error) {
	t, ok := s.tables[name]
	if !ok {
		return nil, noSuchTable()
	}
	return t, nil
}

type createTableRequest struct {
	TableName              string
	KeySchema              []types.KeySchemaElement
	AttributeDefinitions   []types.AttributeDefinition
	GlobalSecondaryIndexes []struct{}
	LocalSecondaryIndexes  []struct{}
}

func (s *Server) createTable(r *createTableRequest) (any, error) {
	if _, exists := s.tables[r.TableName]; exists {
		return nil, &awsjson.Error{Code: "ResourceInUseException", Message: "Table already exists: " + r.TableName}
	}
	if len(r.GlobalSecondaryIndexes)+len(r.LocalSecondaryIndexes) > 0 {
		return nil, validation("The embedded DynamoDB has no secondary indexes")
	}
	t := &table{name: r.TableName, schema: r.KeySchema, definitions: r.AttributeDefinitions, rows: map[string]item{}}
	if r.TableName == "" || len(t.schema) < 1 || len(t.schema) > 2 {
		return nil, validation("A table needs a name and a key schema of one or two attributes")
	}
	for _, key := range t.schema {
		if t.kind(key) == "" {
			return nil, validation("The key attribute %s is not among the attribute definitions", aws.ToString(key.AttributeName))
		}
	}
	s.tables[r.TableName] = t
	return map[string]any{"TableDescription": t.describe()}, nil
}

type tableRequest struct{ TableName string }

func (s *Server) deleteTable(r *tableRequest) (any, error) {
	t, err := s.table(r.TableName)
	if err != nil {
		return nil, err
	}
	delete(s.tables, r.TableName)
	return map[string]any{"TableDescription": t.describe()}, nil
}

func (s *Server) describeTable(r *tableRequest) (any, error) {
	t, err := s.table(r.TableName)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Table": t.describe()}, nil
}

func (t *table) describe() types.TableDescription {
	return types.TableDescription{
		TableName:            &t.name,
		TableArn:             aws.String("arn:aws:dynamodb:us-east-1:123456789012:table/" + t.name),
		TableStatus:          types.TableStatusActive,
		KeySchema:            t.schema,
		AttributeDefinitions: t.definitions,
		ItemCount:            aws.Int64(int64(len(t.rows))),
	}
}

// listTables answers with all names at once: nobody here has more than the hundred of a page.
func (s *Server) listTables(*struct{}) (any, error) {
	return map[string]any{"TableNames": slices.Sorted(maps.Keys(s.tables))}, nil
}

// kind returns the type of a key attribute: S, N or B.
func (t *table) kind(key types.KeySchemaElement) types.ScalarAttributeType {
	for _, d := range t.definitions {
		if aws.ToString(d.AttributeName) == aws.ToString(key.AttributeName) {
			return d.AttributeType
		}
	}
	return ""
}

// rowID identifies the row whose primary key is among the attributes. It refuses keys that DynamoDB refuses.
func (t *table) rowID(attributes item) (string, error) {
	var id []byte
	for i, key := range t.schema {
		name := aws.ToString(key.AttributeName)
		value := attributes[name]
		if value == nil {
			return "", validation("One or more parameter values were invalid: Missing the key %s in the item", name)
		}
		var text string
		switch kind := t.kind(key); {
		case kind == types.ScalarAttributeTypeS && value.S != nil:
			text = *value.S
		case kind == types.ScalarAttributeTypeN && value.N != nil:
			text = *value.N
		case kind == types.ScalarAttributeTypeB && value.B != nil:
			text = string(value.B)
		default:
			return "", validation("One or more parameter values were invalid: Type mismatch for key %s: expected %s", name, kind)
		}
		if text == "" {
			return "", validation("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", name)
		}
		if limit := []int{partitionKeyLimit, sortKeyLimit}[i]; len(text) > limit {
			return "", validation("One or more parameter values were invalid: Size of key %s has exceeded the maximum size limit of %d bytes", name, limit)
		}
		id = strconv.AppendInt(id, int64(len(text)), 10)
		id = append(append(id, ':'), text...)
	}
	return string(id), nil
}

// exactKey is rowID for a request's Key, which must have no other attributes.
func (t *table) exactKey(key item) (string, error) {
	if len(key) != len(t.schema) {
		return "", validation("The provided key element does not match the schema")
	}
	return t.rowID(key)
}

// isKey tells whether the attribute is part of the primary key.
func (t *table) isKey(name string) bool {
	return slices.ContainsFunc(t.schema, func(k types.KeySchemaElement) bool { return aws.ToString(k.AttributeName) == name })
}
