package dynamo

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/apperr"
)

// maxKeyLength is the most bytes that a partition key can have.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxKeyLength = 2048

// Get reads one row as of now (strongly consistent), and reports false if there is none. No row has a key that DynamoDB
// cannot hold (empty, over 2,048 bytes, not UTF-8), so that one is answered without asking: what a caller sends may well be
// such a key, and is no failure of the store. The error's code is ServiceUnavailable.
func Get(ctx context.Context, client *dynamodb.Client, table string, key Item) (*Row, bool, error) {
	for _, value := range key {
		if s, ok := value.(*types.AttributeValueMemberS); ok && !storable(s.Value) {
			return nil, false, nil
		}
	}
	out, err := client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(table), Key: key, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, false, apperr.Unavailable(fmt.Errorf("dynamo: reading %s: %w", table, err))
	}
	if len(out.Item) == 0 {
		return nil, false, nil
	}
	return NewRow(table, out.Item), true, nil
}

func storable(key string) bool {
	return key != "" && len(key) <= maxKeyLength && utf8.ValidString(key)
}
