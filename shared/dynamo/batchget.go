package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/apperr"
)

// maxBatch is the most keys in one BatchGetItem.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
const maxBatch = 100

// errUnprocessed is a batch of which DynamoDB has left out rows, for want of capacity or of room in its answer.
var errUnprocessed = errors.New("dynamo: DynamoDB has not read all of a batch")

// BatchGet reads the rows with these keys, no two of which may be the same, each as of the moment at which it is read (strongly
// consistent; no two rows as of one moment). Rows that are not there are left out, and the order is nobody's business. What DynamoDB
// leaves out of an answer is asked for again, a bounded number of times. The error's code is ServiceUnavailable, and then there are no
// rows. IAM: BatchGetItem.
func BatchGet(ctx context.Context, client *dynamodb.Client, table string, keys []Item) ([]*Row, error) {
	var items []Item
	for batch := range slices.Chunk(keys, maxBatch) {
		left := batch
		err := retry(ctx, func() error {
			out, err := client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
				RequestItems: map[string]types.KeysAndAttributes{table: {Keys: left, ConsistentRead: aws.Bool(true)}},
			})
			if err != nil {
				return err
			}
			items = append(items, out.Responses[table]...)
			if left = out.UnprocessedKeys[table].Keys; len(left) > 0 {
				return errUnprocessed
			}
			return nil
		})
		if err != nil {
			return nil, apperr.Unavailable(fmt.Errorf("dynamo: reading a batch of %s: %w", table, err))
		}
	}
	return rowsOf(table, items), nil
}
