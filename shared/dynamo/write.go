package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/apperr"
)

// ErrCondition means that the condition of a write does not hold, so that nothing was written. When the answer of an earlier
// attempt was lost, it can also mean that this attempt saw that one's write.
var ErrCondition = errors.New("dynamo: the condition does not hold")

// Put stores one row. The error is ErrCondition, or its code is ServiceUnavailable.
func Put(ctx context.Context, client *dynamodb.Client, in *dynamodb.PutItemInput) error {
	return write(ctx, in.TableName, func() error {
		_, err := client.PutItem(ctx, in)
		return err
	})
}

// Update changes one row. The error is ErrCondition, or its code is ServiceUnavailable.
func Update(ctx context.Context, client *dynamodb.Client, in *dynamodb.UpdateItemInput) error {
	return write(ctx, in.TableName, func() error {
		_, err := client.UpdateItem(ctx, in)
		return err
	})
}

// Delete removes one row; that there is none is no error. The error is ErrCondition, or its code is ServiceUnavailable.
func Delete(ctx context.Context, client *dynamodb.Client, in *dynamodb.DeleteItemInput) error {
	return write(ctx, in.TableName, func() error {
		_, err := client.DeleteItem(ctx, in)
		return err
	})
}

// Happened translates the error of a write whose condition may well not hold: whether the write was done, and the error if that is
// not known.
func Happened(err error) (bool, error) {
	if errors.Is(err, ErrCondition) {
		return false, nil
	}
	return err == nil, err
}

func write(ctx context.Context, table *string, do func() error) error {
	err := retry(ctx, func() error { return mark(do()) })
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return ErrCondition
	}
	return apperr.Unavailable(fmt.Errorf("dynamo: writing %s: %w", aws.ToString(table), err))
}
