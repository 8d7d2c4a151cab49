package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"

	"sallyport/shared/apperr"
)

// Query reads one page of a partition. It is strongly consistent, unless the request names an index, which never is: whoever acts on
// what an index says reads the row itself first (Get). The last key is where the next page begins (Cursors), nil if there is none. A page
// may be short, even empty, and not be the last.
//
// The error's code is InvalidRequest if DynamoDB refuses the request, and it has an ExclusiveStartKey: a caller's cursor can name a place
// that is not one of the query's. Else it is ServiceUnavailable. IAM: Query on the table, or on the index alone.
func Query(ctx context.Context, client *dynamodb.Client, in dynamodb.QueryInput) (rows []*Row, last Item, err error) {
	in.ConsistentRead = aws.Bool(in.IndexName == nil)
	out, err := client.Query(ctx, &in)
	if err != nil {
		return nil, nil, pageFailure(aws.ToString(in.TableName), in.ExclusiveStartKey, err)
	}
	return rowsOf(aws.ToString(in.TableName), out.Items), lastKey(out.LastEvaluatedKey), nil
}

// Scan reads one page of a table or of an index, in no order that means anything. All else is as with Query. IAM: Scan.
func Scan(ctx context.Context, client *dynamodb.Client, in dynamodb.ScanInput) (rows []*Row, last Item, err error) {
	in.ConsistentRead = aws.Bool(in.IndexName == nil)
	out, err := client.Scan(ctx, &in)
	if err != nil {
		return nil, nil, pageFailure(aws.ToString(in.TableName), in.ExclusiveStartKey, err)
	}
	return rowsOf(aws.ToString(in.TableName), out.Items), lastKey(out.LastEvaluatedKey), nil
}

func pageFailure(table string, start Item, err error) error {
	if refused, ok := errors.AsType[smithy.APIError](err); ok && refused.ErrorCode() == "ValidationException" && start != nil {
		return BadCursor(fmt.Errorf("dynamo: a page of %s: %w", table, err))
	}
	return apperr.Unavailable(fmt.Errorf("dynamo: reading a page of %s: %w", table, err))
}

func rowsOf(table string, items []Item) []*Row {
	rows := make([]*Row, len(items))
	for i, item := range items {
		rows[i] = NewRow(table, item)
	}
	return rows
}

// lastKey is nil for an empty key too.
func lastKey(key Item) Item {
	if len(key) == 0 {
		return nil
	}
	return key
}
