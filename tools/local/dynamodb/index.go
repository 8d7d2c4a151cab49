package dynamodb

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// index is a global secondary index: a view of a table's rows by another key. It holds nothing of its own, and so is never behind the
// table as it may be on AWS; that nobody relies on that, ConsistentRead's refusal sees to.
type index struct {
	name       string
	schema     []types.KeySchemaElement // partition key, then the sort key if there is one
	projection types.Projection
}

// newIndex reads an index of CreateTable.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GlobalSecondaryIndex.html
func (t *table) newIndex(in types.GlobalSecondaryIndex) (index, error) {
	i := index{name: aws.ToString(in.IndexName), schema: in.KeySchema}
	if len(i.name) < 3 || len(i.name) > 255 {
		return i, validation("An index's name has 3 to 255 characters")
	}
	if slices.ContainsFunc(t.indexes, func(other index) bool { return other.name == i.name }) {
		return i, validation("One or more parameter values were invalid: Duplicate index name: %s", i.name)
	}
	if err := t.checkSchema(i.schema); err != nil {
		return i, err
	}
	if in.Projection == nil {
		return i, validation("One or more parameter values were invalid: Unknown ProjectionType: null")
	}
	i.projection = *in.Projection
	switch include := len(i.projection.NonKeyAttributes) > 0; i.projection.ProjectionType {
	case types.ProjectionTypeAll, types.ProjectionTypeKeysOnly:
		if include {
			return i, validation("One or more parameter values were invalid: ProjectionType is %s, but NonKeyAttributes is specified", i.projection.ProjectionType)
		}
	case types.ProjectionTypeInclude:
		if !include {
			return i, validation("One or more parameter values were invalid: ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
		}
	default:
		return i, validation("One or more parameter values were invalid: Unknown ProjectionType: %s", i.projection.ProjectionType)
	}
	return i, nil
}

// holds tells whether the row is in the index: one that lacks an attribute of its key is not.
func (i index) holds(row item) bool {
	return !slices.ContainsFunc(i.schema, func(k types.KeySchemaElement) bool { return row[aws.ToString(k.AttributeName)] == nil })
}

// projects tells whether the index has the attribute.
func (i index) projects(t *table, name string) bool {
	return i.projection.ProjectionType == types.ProjectionTypeAll || isKey(t.schema, name) || isKey(i.schema, name) ||
		slices.Contains(i.projection.NonKeyAttributes, name)
}

// project is the row as the index has it.
func (i index) project(t *table, row item) item {
	projected := maps.Clone(row)
	maps.DeleteFunc(projected, func(name string, _ *value) bool { return !i.projects(t, name) })
	return projected
}

// checkIndexKeys refuses a row that could not be in an index because of what its key attributes hold.
func (t *table) checkIndexKeys(row item) error {
	for _, i := range t.indexes {
		for position, key := range i.schema {
			if row[aws.ToString(key.AttributeName)] == nil {
				continue
			}
			if _, err := t.keyText(key, position, row); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *table) describeIndexes() []types.GlobalSecondaryIndexDescription {
	var all []types.GlobalSecondaryIndexDescription
	for _, i := range t.indexes {
		all = append(all, types.GlobalSecondaryIndexDescription{
			IndexName: &i.name, IndexArn: aws.String(t.arn() + "/index/" + i.name), IndexStatus: types.IndexStatusActive,
			KeySchema: i.schema, Projection: &i.projection,
		})
	}
	return all
}
