package template

import (
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"
)

// maxTableName is the longest name of a table.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
const maxTableName = 255

// table reads an AWS::DynamoDB::Table. Local secondary indexes are refused: a local table would lack them.
func (d *document) table(r *resource) (Table, error) {
	t := Table{LogicalID: r.id, Line: r.line}
	properties, err := d.mapping(r.id, "Properties", r.properties)
	if err != nil {
		return t, err
	}
	if n := properties.get("LocalSecondaryIndexes"); n != nil {
		return t, d.fault(n, r.id, "LocalSecondaryIndexes are not known to the local run", "teach tools/local to make them, or do without")
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
	if t.PartitionKey, t.SortKey, err = d.keys(r, "the table", properties.get("KeySchema"), &yaml.Node{Line: r.line}, types); err != nil {
		return t, err
	}
	if t.Indexes, err = d.indexes(r, properties.get("GlobalSecondaryIndexes"), types); err != nil {
		return t, err
	}
	if err := d.allUsed(r, t, types); err != nil {
		return t, err
	}
	t.TTLAttribute, err = d.ttlAttribute(r, properties.get("TimeToLiveSpecification"))
	return t, err
}

// keys reads the KeySchema of a table or an index, called what and declared at site.
func (d *document) keys(r *resource, what string, n, site *yaml.Node, types attributeTypes) (partition, sort KeyAttribute, err error) {
	schema, err := d.evaluate(r.id, n, 0)
	if err != nil {
		return partition, sort, err
	}
	if schema == nil || schema.Kind != yaml.SequenceNode {
		return partition, sort, d.fault(site, r.id, "KeySchema of "+what+" is missing", "list the attributes of its key")
	}
	for _, item := range schema.Content {
		key, err := d.dictionary(r.id, "an item of KeySchema", item)
		if err != nil {
			return partition, sort, err
		}
		attribute := KeyAttribute{Name: key["AttributeName"], Type: types[key["AttributeName"]].kind}
		if attribute.Type == "" {
			return partition, sort, d.fault(item, r.id, fmt.Sprintf("the key attribute %q is not in AttributeDefinitions", attribute.Name), "define it with its type")
		}
		switch {
		case key["KeyType"] == "HASH" && partition.Name == "":
			partition = attribute
		case key["KeyType"] == "RANGE" && sort.Name == "":
			sort = attribute
		default:
			return partition, sort, d.fault(item, r.id, "KeySchema is not one HASH key and at most one RANGE key", "correct KeyType")
		}
	}
	if partition.Name == "" {
		return partition, sort, d.fault(schema, r.id, "KeySchema has no HASH key", "add one")
	}
	return partition, sort, nil
}

// attributeTypes is AttributeDefinitions: S, N or B by attribute name, and where each is defined.
type attributeTypes map[string]struct {
	kind string
	node *yaml.Node
}

// attributeTypes reads AttributeDefinitions.
func (d *document) attributeTypes(r *resource, n *yaml.Node) (attributeTypes, error) {
	list, err := d.evaluate(r.id, n, 0)
	if err != nil {
		return nil, err
	}
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil, d.fault(&yaml.Node{Line: r.line}, r.id, "AttributeDefinitions is missing", "list the key's attributes with their types")
	}
	types := attributeTypes{}
	for _, item := range list.Content {
		definition, err := d.dictionary(r.id, "an item of AttributeDefinitions", item)
		if err != nil {
			return nil, err
		}
		switch kind := definition["AttributeType"]; kind {
		case "S", "N", "B":
			types[definition["AttributeName"]] = struct {
				kind string
				node *yaml.Node
			}{kind, item}
		default:
			return nil, d.fault(item, r.id, fmt.Sprintf("AttributeType is %q", kind), "use S, N or B")
		}
	}
	return types, nil
}

// allUsed refuses a definition of an attribute that no key has, as DynamoDB does when the stack is deployed.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html (AttributeDefinitions)
func (d *document) allUsed(r *resource, t Table, types attributeTypes) error {
	used := map[string]bool{t.PartitionKey.Name: true, t.SortKey.Name: true}
	for _, i := range t.Indexes {
		used[i.PartitionKey.Name], used[i.SortKey.Name] = true, true
	}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if !used[name] {
			return d.fault(types[name].node, r.id, fmt.Sprintf("AttributeDefinitions has %q, which is in no key", name), "remove it: DynamoDB takes attributes of keys only")
		}
	}
	return nil
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
