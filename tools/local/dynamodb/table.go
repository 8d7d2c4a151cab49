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
	indexes      []index
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
	GlobalSecondaryIndexes []types.GlobalSecondaryIndex
	LocalSecondaryIndexes  []struct{}
}

func (s *Server) createTable(r *createTableRequest) (any, error) {
	if _, exists := s.tables[r.TableName]; exists {
		return nil, &awsjson.Error{Code: "ResourceInUseException", Message: "Table already exists: " + r.TableName}
	}
	if len(r.LocalSecondaryIndexes) > 0 {
		return nil, validation("The embedded DynamoDB has no local secondary indexes")
	}
	t := &table{name: r.TableName, schema: r.KeySchema, definitions: r.AttributeDefinitions, rows: map[string]item{}}
	if r.TableName == "" {
		return nil, validation("A table needs a name")
	}
	if err := t.checkSchema(t.schema); err != nil {
		return nil, err
	}
	for _, in := range r.GlobalSecondaryIndexes {
		i, err := t.newIndex(in)
		if err != nil {
			return nil, err
		}
		t.indexes = append(t.indexes, i)
	}
	for _, d := range t.definitions {
		name := aws.ToString(d.AttributeName)
		if !isKey(t.schema, name) && !slices.ContainsFunc(t.indexes, func(i index) bool { return isKey(i.schema, name) }) {
			return nil, validation("One or more parameter values were invalid: Some AttributeDefinitions are not used: %s", name)
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
		TableArn:             aws.String(t.arn()),
		TableStatus:          types.TableStatusActive,
		KeySchema:            t.schema,
		AttributeDefinitions: t.definitions,
		ItemCount:            aws.Int64(int64(len(t.rows))),

		GlobalSecondaryIndexes: t.describeIndexes(),
	}
}

func (t *table) arn() string { return "arn:aws:dynamodb:us-east-1:123456789012:table/" + t.name }

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

// checkSchema refuses a key schema that is not a partition key and perhaps a sort key, both defined.
func (t *table) checkSchema(schema []types.KeySchemaElement) error {
	if len(schema) < 1 || len(schema) > 2 {
		return validation("A key schema has one or two attributes")
	}
	for i, key := range schema {
		if want := []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}[i]; key.KeyType != want {
			return validation("Invalid KeySchema: The key at position %d is no %s key", i, want)
		}
		if t.kind(key) == "" {
			return validation("The key attribute %s is not among the attribute definitions", aws.ToString(key.AttributeName))
		}
	}
	return nil
}

// rowID identifies the row whose primary key is among the attributes. It refuses keys that DynamoDB refuses.
func (t *table) rowID(attributes item) (string, error) {
	var id []byte
	for i, key := range t.schema {
		text, err := t.keyText(key, i, attributes)
		if err != nil {
			return "", err
		}
		id = strconv.AppendInt(id, int64(len(text)), 10)
		id = append(append(id, ':'), text...)
	}
	return string(id), nil
}

// keyText is the value of a key attribute, in a form that is the same for equal values. The position in the key says how long it may be.
func (t *table) keyText(key types.KeySchemaElement, position int, attributes item) (string, error) {
	name := aws.ToString(key.AttributeName)
	v := attributes[name]
	if v == nil {
		return "", validation("One or more parameter values were invalid: Missing the key %s in the item", name)
	}
	var text string
	switch kind := t.kind(key); {
	case kind == types.ScalarAttributeTypeS && v.S != nil:
		text = *v.S
	case kind == types.ScalarAttributeTypeN && v.N != nil:
		text = number(v).RatString()
	case kind == types.ScalarAttributeTypeB && v.B != nil:
		text = string(v.B)
	default:
		return "", validation("One or more parameter values were invalid: Type mismatch for key %s: expected %s", name, kind)
	}
	if text == "" {
		return "", validation("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", name)
	}
	if limit := []int{partitionKeyLimit, sortKeyLimit}[position]; len(text) > limit {
		return "", validation("One or more parameter values were invalid: Size of key %s has exceeded the maximum size limit of %d bytes", name, limit)
	}
	return text, nil
}

// exactKey is rowID for a request's Key, which must have no other attributes.
func (t *table) exactKey(key item) (string, error) {
	if len(key) != len(t.schema) {
		return "", validation("The provided key element does not match the schema")
	}
	return t.rowID(key)
}

// isKey tells whether the attribute is part of the key.
func isKey(schema []types.KeySchemaElement, name string) bool {
	return slices.ContainsFunc(schema, func(k types.KeySchemaElement) bool { return aws.ToString(k.AttributeName) == name })
}
