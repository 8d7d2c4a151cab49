package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/apperr"
)

// The codes of cancellation reasons that are told apart. Any other, such as ValidationError, is no fault that time mends.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html (Errors, TransactionCanceledException)
const (
	codeCondition  = "ConditionalCheckFailed"
	codeConflict   = "TransactionConflict"
	codeThroughput = "ProvisionedThroughputExceeded"
	codeThrottled  = "ThrottlingError"
)

// CancelledError means that conditions of a transaction do not hold, so that nothing was written.
type CancelledError struct{ failed []bool }

// Error implements error.
func (*CancelledError) Error() string { return "dynamo: conditions of the transaction do not hold" }

// Failed reports whether the condition of the action at index i is among those that do not hold.
func (c *CancelledError) Failed(i int) bool { return i < len(c.failed) && c.failed[i] }

// Transact does all of the actions, at most 100, or none. The error is a *CancelledError, or its code is ServiceUnavailable, then
// perhaps with ErrContended in its chain.
//
// All attempts carry one ClientRequestToken: if one was done but its answer lost, the next does nothing and succeeds
// (within ten minutes, far longer than any request lives).
func Transact(ctx context.Context, client *dynamodb.Client, actions []types.TransactWriteItem) error {
	in := &dynamodb.TransactWriteItemsInput{TransactItems: actions, ClientRequestToken: aws.String(rand.Text())}
	err := retry(ctx, func() error {
		_, err := client.TransactWriteItems(ctx, in)
		return judge(err)
	})
	if _, ok := errors.AsType[*CancelledError](err); ok || err == nil {
		return err
	}
	return apperr.Unavailable(fmt.Errorf("dynamo: transaction: %w", err))
}

// judge reads each reason of a cancelled transaction. A condition that does not hold comes first: another attempt would be
// of no use, whatever else was in its way.
func judge(err error) error {
	cancelled, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok {
		return mark(err)
	}
	codes := make([]string, len(cancelled.CancellationReasons))
	failed := make([]bool, len(codes))
	for i, reason := range cancelled.CancellationReasons {
		codes[i] = aws.ToString(reason.Code)
		failed[i] = codes[i] == codeCondition
	}
	switch {
	case slices.Contains(failed, true):
		return &CancelledError{failed}
	case slices.Contains(codes, codeConflict):
		return fmt.Errorf("%w: %w", ErrContended, err)
	case slices.Contains(codes, codeThrottled), slices.Contains(codes, codeThroughput):
		return fmt.Errorf("%w: %w", errThrottled, err)
	}
	return err
}
