package template

import (
	"fmt"
	"regexp"

	"gopkg.in/yaml.v3"
)

// indexes reads GlobalSecondaryIndexes.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-dynamodb-table-globalsecondaryindex.html
func (d *document) indexes(r *resource, n *yaml.Node, types attributeTypes) ([]Index, error) {
	list, err := d.evaluate(r.id, n, 0)
	if err != nil || isNull(list) {
		return nil, err
	}
	if list.Kind != yaml.SequenceNode {
		return nil, d.fault(list, r.id, "GlobalSecondaryIndexes is not a list", "write it as a list")
	}
	var all []Index
	lines := map[string]int{}
	for _, item := range list.Content {
		i, err := d.index(r, item, types)
		if err != nil {
			return nil, err
		}
		if line, twice := lines[i.Name]; twice {
			return nil, d.fault(item, r.id, fmt.Sprintf("the index %s is declared at line %d already", i.Name, line), "give each a name of its own")
		}
		lines[i.Name] = item.Line
		all = append(all, i)
	}
	return all, nil
}

func (d *document) index(r *resource, n *yaml.Node, types attributeTypes) (Index, error) {
	var i Index
	m, err := d.mapping(r.id, "an index", n)
	if err != nil {
		return i, err
	}
	if err := d.only(r.id, "an index", m, "IndexName", "KeySchema", "Projection"); err != nil {
		return i, err
	}
	if i.Name, err = d.required(r.id, "an index", m, "IndexName", n); err != nil {
		return i, err
	}
	// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GlobalSecondaryIndex.html
	if !regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`).MatchString(i.Name) {
		return i, d.fault(m.get("IndexName"), r.id, fmt.Sprintf("the index's name %q", i.Name), "use 3 to 255 letters, digits, hyphens, dots and underscores")
	}
	if i.PartitionKey, i.SortKey, err = d.keys(r, "the index "+i.Name, m.get("KeySchema"), n, types); err != nil {
		return i, err
	}
	return i, d.projection(r, &i, m.get("Projection"), n)
}

// projection reads which attributes an index has.
func (d *document) projection(r *resource, i *Index, n, site *yaml.Node) error {
	m, err := d.mapping(r.id, "Projection", n)
	if err != nil {
		return err
	}
	what := "the Projection of the index " + i.Name
	if err := d.only(r.id, what, m, "ProjectionType", "NonKeyAttributes"); err != nil {
		return err
	}
	if i.Projection, err = d.required(r.id, what, m, "ProjectionType", site); err != nil {
		return err
	}
	if i.Attributes, err = d.texts(r.id, what+"'s NonKeyAttributes", m.get("NonKeyAttributes")); err != nil {
		return err
	}
	included := len(i.Attributes) > 0
	switch i.Projection {
	case "ALL", "KEYS_ONLY":
		if included {
			return d.fault(m.get("NonKeyAttributes"), r.id, fmt.Sprintf("%s is %s and has NonKeyAttributes", what, i.Projection), "remove them, or write INCLUDE")
		}
	case "INCLUDE":
		if !included {
			return d.fault(m.node, r.id, what+" is INCLUDE and has no NonKeyAttributes", "list them, or write KEYS_ONLY")
		}
	default:
		return d.fault(m.get("ProjectionType"), r.id, fmt.Sprintf("%s is %q", what, i.Projection), "write ALL, KEYS_ONLY or INCLUDE")
	}
	return nil
}
