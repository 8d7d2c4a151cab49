package template

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// maxTableName is the longest name of a table.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
const maxTableName = 255

// table reads an AWS::DynamoDB::Table. Secondary indexes are refused: a local table would lack them.
func (d *document) table(r *resource) (Table, error) {
	t := Table{LogicalID: r.id, Line: r.line}
	properties, err := d.mapping(r.id, "Properties", r.properties)
	if err != nil {
		return t, err
	}
	for _, key := range []string{"GlobalSecondaryIndexes", "LocalSecondaryIndexes"} {
		if n := properties.get(key); n != nil {
			return t, d.fault(n, r.id, key+" are not known to the local run", "teach tools/local to make them, or do without")
		}
	}
	if t.Name, err = d.name(r); err != nil {
		return t, err
	}
	if len(t.Name) > maxTableName {
		return t, d.fault(&yaml.Node{Line: r.line}, r.id, fmt.Sprintf("the table's name would have %d characters", len(t.Name)),
			fmt.Sprintf("shorten the logical id or the stack's name: DynamoDB takes %d", maxTableName))
	}
	types, err := d.attributeTypes(r, properties.get("AttributeDefinitions"))
	if err != nil {
		return t, err
	}
	schema, err := d.evaluate(r.id, properties.get("KeySchema"), 0)
	if err != nil {
		return t, err
	}
	if schema == nil || schema.Kind != yaml.SequenceNode {
		return t, d.fault(&yaml.Node{Line: r.line}, r.id, "KeySchema is missing", "list the attributes of the primary key")
	}
	for _, item := range schema.Content {
		key, err := d.dictionary(r.id, "an item of KeySchema", item)
		if err != nil {
			return t, err
		}
		attribute := KeyAttribute{Name: key["AttributeName"], Type: types[key["AttributeName"]]}
		if attribute.Type == "" {
			return t, d.fault(item, r.id, fmt.Sprintf("the key attribute %q is not in AttributeDefinitions", attribute.Name), "define it with its type")
		}
		switch {
		case key["KeyType"] == "HASH" && t.PartitionKey.Name == "":
			t.PartitionKey = attribute
		case key["KeyType"] == "RANGE" && t.SortKey.Name == "":
			t.SortKey = attribute
		default:
			return t, d.fault(item, r.id, "KeySchema is not one HASH key and at most one RANGE key", "correct KeyType")
		}
	}
	if t.PartitionKey.Name == "" {
		return t, d.fault(schema, r.id, "KeySchema has no HASH key", "add one")
	}
	t.TTLAttribute, err = d.ttlAttribute(r, properties.get("TimeToLiveSpecification"))
	return t, err
}

// attributeTypes reads AttributeDefinitions: S, N or B by attribute name.
func (d *document) attributeTypes(r *resource, n *yaml.Node) (map[string]string, error) {
	list, err := d.evaluate(r.id, n, 0)
	if err != nil {
		return nil, err
	}
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil, d.fault(&yaml.Node{Line: r.line}, r.id, "AttributeDefinitions is missing", "list the key's attributes with their types")
	}
	types := map[string]string{}
	for _, item := range list.Content {
		definition, err := d.dictionary(r.id, "an item of AttributeDefinitions", item)
		if err != nil {
			return nil, err
		}
		switch kind := definition["AttributeType"]; kind {
		case "S", "N", "B":
			types[definition["AttributeName"]] = kind
		default:
			return nil, d.fault(item, r.id, fmt.Sprintf("AttributeType is %q", kind), "use S, N or B")
		}
	}
	return types, nil
}

func (d *document) ttlAttribute(r *resource, n *yaml.Node) (string, error) {
	value, err := d.evaluate(r.id, n, 0)
	if err != nil {
		return "", err
	}
	specification, err := d.dictionary(r.id, "TimeToLiveSpecification", value)
	if err != nil || specification["Enabled"] != "true" {
		return "", err
	}
	if specification["AttributeName"] == "" {
		return "", d.fault(value, r.id, "TimeToLiveSpecification has no AttributeName", "name the attribute that holds the expiry")
	}
	return specification["AttributeName"], nil
}
