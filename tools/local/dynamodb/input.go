package dynamodb

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/tools/local/template"
)

// TableInput is what makes a table of a template, with its indexes, at whatever DynamoDB. Time to live is switched on afterwards.
func TableInput(t template.Table) *sdk.CreateTableInput {
	in := &sdk.CreateTableInput{TableName: &t.Name, BillingMode: types.BillingModePayPerRequest, KeySchema: keySchema(t.PartitionKey, t.SortKey)}
	kinds := map[string]string{} // each attribute is defined once, however many keys have it
	define := func(keys ...template.KeyAttribute) {
		for _, key := range keys {
			if key.Name == "" || kinds[key.Name] != "" {
				continue
			}
			kinds[key.Name] = key.Type
			in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{
				AttributeName: aws.String(key.Name), AttributeType: types.ScalarAttributeType(key.Type),
			})
		}
	}
	define(t.PartitionKey, t.SortKey)
	for _, i := range t.Indexes {
		define(i.PartitionKey, i.SortKey)
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: &i.Name, KeySchema: keySchema(i.PartitionKey, i.SortKey),
			Projection: &types.Projection{ProjectionType: types.ProjectionType(i.Projection), NonKeyAttributes: i.Attributes},
		})
	}
	return in
}

func keySchema(partition, sort template.KeyAttribute) []types.KeySchemaElement {
	schema := []types.KeySchemaElement{{AttributeName: aws.String(partition.Name), KeyType: types.KeyTypeHash}}
	if sort.Name != "" {
		schema = append(schema, types.KeySchemaElement{AttributeName: aws.String(sort.Name), KeyType: types.KeyTypeRange})
	}
	return schema
}
