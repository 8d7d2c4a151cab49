package dynamodb

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sallyport/tools/local/awsjson"
)

func validation(format string, args ...any) error {
	return &awsjson.Error{Code: "ValidationException", Message: fmt.Sprintf(format, args...)}
}

func noSuchTable() error {
	return &awsjson.Error{Code: "ResourceNotFoundException", Message: "Requested resource not found"}
}

// conditionFailed carries the item as it is, if there is one and the caller asked for it.
func conditionFailed(r *reason) error {
	e := &awsjson.Error{Code: "ConditionalCheckFailedException", Message: r.Message}
	if r.Item != nil {
		e.Members = map[string]any{"Item": r.Item}
	}
	return e
}

func transactionCancelled(reasons []reason) error {
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = r.Code
	}
	return &awsjson.Error{
		Code:    "TransactionCanceledException",
		Message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]",
		Members: map[string]any{"CancellationReasons": reasons},
	}
}

// Conflict is what DynamoDB answers to a transaction of so many actions when another one is at work on its items. For Intercept:
// it never happens by itself here, as one operation follows the other.
func Conflict(actions int) error {
	return transactionCancelled(slices.Repeat([]reason{{Code: "TransactionConflict", Message: "Transaction is ongoing for the item"}}, actions))
}

// Throttled is what DynamoDB answers when a table or the account is over its limits. For Intercept.
func Throttled() error {
	return &awsjson.Error{Code: "ThrottlingException", Message: "Rate of requests exceeds the allowed throughput."}
}

// Internal is DynamoDB's own failure. For Intercept.
func Internal() error {
	return &awsjson.Error{Status: http.StatusInternalServerError, Code: "InternalServerError", Message: "Internal server error"}
}
