package dynamo_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/apperr"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/dynamotest"
)

// table is one table behind a wire that can fail.
type table struct {
	client *dynamodb.Client
	name   string
	wire   *dynamotest.Wire
}

func newTable(t *testing.T) table {
	t.Helper()
	wire := &dynamotest.Wire{}
	client := dynamotest.Embedded(t).Client(wire)
	t.Cleanup(func() { wire.Set(nil) }) // before the tables go
	tables := dynamotest.MakeTables(t, client)
	t.Cleanup(func() { wire.Set(nil) })
	wire.Calls()
	return table{client, tables.Throttles, wire}
}

func key(subject string) dynamo.Item { return dynamo.Item{"subject": dynamo.S(subject)} }

func (d table) get(ctx context.Context) error {
	_, _, err := dynamo.Get(ctx, d.client, d.name, key("s"))
	return err
}

func (d table) put(ctx context.Context) error {
	return dynamo.Put(ctx, d.client, &dynamodb.PutItemInput{TableName: aws.String(d.name), Item: key("s")})
}

// add is not idempotent: what is done twice shows.
func (d table) add(ctx context.Context) error {
	return dynamo.Update(ctx, d.client, &dynamodb.UpdateItemInput{
		TableName: aws.String(d.name), Key: key("s"), UpdateExpression: aws.String("ADD n :one"),
		ExpressionAttributeValues: dynamo.Item{":one": dynamo.N(1)},
	})
}

func (d table) remove(ctx context.Context) error {
	return dynamo.Delete(ctx, d.client, &dynamodb.DeleteItemInput{TableName: aws.String(d.name), Key: key("s")})
}

func (d table) query(ctx context.Context) error {
	_, _, err := dynamo.Query(ctx, d.client, dynamodb.QueryInput{
		TableName: aws.String(d.name), KeyConditionExpression: aws.String("subject = :s"), ExpressionAttributeValues: dynamo.Item{":s": dynamo.S("s")},
	})
	return err
}

func (d table) scan(ctx context.Context) error {
	_, _, err := dynamo.Scan(ctx, d.client, dynamodb.ScanInput{TableName: aws.String(d.name)})
	return err
}

func (d table) batch(ctx context.Context) error {
	_, err := dynamo.BatchGet(ctx, d.client, d.name, []dynamo.Item{key("s")})
	return err
}

// transact adds one, as add does, if no row "blocked" is there.
func (d table) transact(ctx context.Context) error {
	return dynamo.Transact(ctx, d.client, []types.TransactWriteItem{
		{Update: &types.Update{
			TableName: aws.String(d.name), Key: key("s"), UpdateExpression: aws.String("ADD n :one"),
			ExpressionAttributeValues: dynamo.Item{":one": dynamo.N(1)},
		}},
		{ConditionCheck: &types.ConditionCheck{
			TableName: aws.String(d.name), Key: key("blocked"), ConditionExpression: aws.String("attribute_not_exists(subject)"),
		}},
	})
}

func (d table) count(t *testing.T) int64 {
	t.Helper()
	d.wire.Set(nil)
	row, found, err := dynamo.Get(t.Context(), d.client, d.name, key("s"))
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	if !found {
		return 0
	}
	return row.Number("n")
}

func (d table) operations() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"GetItem": d.get, "PutItem": d.put, "UpdateItem": d.add, "DeleteItem": d.remove, "TransactWriteItems": d.transact,
		"Query": d.query, "Scan": d.scan, "BatchGetItem": d.batch,
	}
}

func garbage(context.Context, dynamotest.Call, func() (*http.Response, error)) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusBadGateway, ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(strings.NewReader("<html>"))}, nil
}

func TestAnyFaultIsUnavailableAfterABoundedNumberOfAttemptsAndPasses(t *testing.T) {
	d := newTable(t)
	for name, fault := range map[string]dynamotest.Fault{
		"throttled":               dynamotest.Answers(400, "ThrottlingException"),
		"provisioned throughput":  dynamotest.Answers(400, "ProvisionedThroughputExceededException"),
		"request limit":           dynamotest.Answers(400, "RequestLimitExceeded"),
		"internal error":          dynamotest.Answers(500, "InternalServerError"),
		"unavailable":             dynamotest.Answers(503, "ServiceUnavailable"),
		"conflict":                dynamotest.Answers(400, "TransactionConflictException"),
		"in progress":             dynamotest.Answers(400, "TransactionInProgressException"),
		"access denied":           dynamotest.Answers(400, "AccessDeniedException"),
		"no such table":           dynamotest.Answers(400, "ResourceNotFoundException"),
		"invalid":                 dynamotest.Answers(400, "ValidationException"),
		"another request's token": dynamotest.Answers(400, "IdempotentParameterMismatchException"),
		"expired credentials":     dynamotest.Answers(400, "ExpiredTokenException"),
		"reset connection":        dynamotest.Resets,
		"an answer of another":    garbage,
		"cancelled: conflict":     dynamotest.Cancels("None", "TransactionConflict"),
		"cancelled: throttled":    dynamotest.Cancels("ThrottlingError", "None"),
		"cancelled: throughput":   dynamotest.Cancels("None", "ProvisionedThroughputExceeded"),
		"cancelled: invalid":      dynamotest.Cancels("ValidationError", "None"),
		"cancelled: no reasons":   dynamotest.Cancels(),
	} {
		for operation, call := range d.operations() {
			if strings.HasPrefix(name, "cancelled") && operation != "TransactWriteItems" {
				continue
			}
			t.Run(name+"/"+operation, func(t *testing.T) {
				d.wire.Calls()
				d.wire.Set(fault)
				err := call(t.Context())
				if apperr.CodeOf(err) != apperr.ServiceUnavailable {
					t.Errorf("got %v", err)
				}
				if n := len(d.wire.Calls()); n < 1 || n > 5*3 { // ours times the client's
					t.Errorf("%d attempts", n)
				}
				d.wire.Set(nil)
				if err := call(t.Context()); err != nil {
					t.Errorf("when the fault has passed: %v", err)
				}
			})
		}
	}
}

func TestAPassingFaultIsNotSeen(t *testing.T) {
	for name, fault := range map[string]dynamotest.Fault{
		"throttled":             dynamotest.First(2, dynamotest.Answers(400, "ThrottlingException")),
		"internal error":        dynamotest.First(2, dynamotest.Answers(500, "InternalServerError")),
		"reset connection":      dynamotest.First(2, dynamotest.Resets),
		"conflict":              dynamotest.First(4, dynamotest.Answers(400, "TransactionConflictException")),
		"in progress":           dynamotest.First(4, dynamotest.Answers(400, "TransactionInProgressException")),
		"cancelled: conflict":   dynamotest.First(4, dynamotest.Cancels("TransactionConflict", "None")),
		"cancelled: throttled":  dynamotest.First(4, dynamotest.Cancels("None", "ThrottlingError")),
		"cancelled: throughput": dynamotest.First(4, dynamotest.Cancels("ProvisionedThroughputExceeded", "None")),
		"cancelled: both":       dynamotest.First(4, dynamotest.Cancels("ThrottlingError", "TransactionConflict")),
	} {
		t.Run(name, func(t *testing.T) {
			d := newTable(t)
			d.wire.Set(fault)
			if err := d.transact(t.Context()); err != nil {
				t.Errorf("transaction: %v", err)
			}
			if !strings.HasPrefix(name, "cancelled") {
				if err := d.add(t.Context()); err != nil {
					t.Errorf("single write: %v", err)
				}
				if n := d.count(t); n != 2 {
					t.Errorf("done %d times, want 2", n)
				}
			} else if n := d.count(t); n != 1 {
				t.Errorf("done %d times, want 1", n)
			}
		})
	}
}

func TestATransactionWhoseAnswerIsLostIsDoneOnce(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		wire := &dynamotest.Wire{}
		client := server.Client(wire)
		d := table{client, dynamotest.MakeTables(t, client).Throttles, wire}
		for lost := 1; lost <= 2; lost++ {
			before := d.count(t)
			d.wire.Calls()
			d.wire.Set(dynamotest.First(lost, dynamotest.Loses))
			if err := d.transact(t.Context()); err != nil {
				t.Errorf("%d answers lost: %v", lost, err)
			}
			if n := d.count(t) - before; n != 1 {
				t.Errorf("%d answers lost: done %d times", lost, n)
			}
		}
	})
}

func TestAllAttemptsOfATransactionCarryOneTokenAndNoOtherTransactionDoes(t *testing.T) {
	d := newTable(t)
	tokens := map[string]int{}
	for range 3 {
		d.wire.Calls()
		d.wire.Set(dynamotest.First(4, dynamotest.Cancels("TransactionConflict", "None")))
		if err := d.transact(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, call := range d.wire.Calls() {
			var request struct{ ClientRequestToken string }
			if err := json.Unmarshal(call.Body, &request); err != nil {
				t.Fatal(err)
			}
			tokens[request.ClientRequestToken]++
		}
	}
	if len(tokens) != 3 {
		t.Errorf("three transactions had %d tokens", len(tokens))
	}
	for token, attempts := range tokens {
		if attempts != 5 || token == "" || len(token) > 36 { // the longest that DynamoDB takes
			t.Errorf("%d attempts carried %q", attempts, token)
		}
	}
}

func TestAConditionThatFailsIsNotTriedAgain(t *testing.T) {
	d := newTable(t)
	for name, fault := range map[string]dynamotest.Fault{
		"alone":            dynamotest.Cancels("None", "ConditionalCheckFailed"),
		"with a conflict":  dynamotest.Cancels("TransactionConflict", "ConditionalCheckFailed"),
		"with a throttled": dynamotest.Cancels("ThrottlingError", "ConditionalCheckFailed"),
	} {
		d.wire.Calls()
		d.wire.Set(fault)
		err := d.transact(t.Context())
		cancelled, ok := errors.AsType[*dynamo.CancelledError](err)
		if !ok || cancelled.Failed(0) || !cancelled.Failed(1) || cancelled.Failed(2) {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(d.wire.Calls()); n != 1 {
			t.Errorf("%s: %d attempts", name, n)
		}
	}
}

func TestOnlyContentionIsCalledContention(t *testing.T) {
	d := newTable(t)
	for name, fault := range map[string]dynamotest.Fault{
		"conflict":  dynamotest.Cancels("TransactionConflict", "None"),
		"throttled": dynamotest.Cancels("ThrottlingError", "None"),
		"reset":     dynamotest.Resets,
	} {
		d.wire.Set(fault)
		if err := d.transact(t.Context()); errors.Is(err, dynamo.ErrContended) != (name == "conflict") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAHangIsGivenUpWhenTheContextEnds(t *testing.T) {
	d := newTable(t)
	for name, fault := range map[string]dynamotest.Fault{
		"hangs":                           dynamotest.Hangs,
		"hangs between other attempts":    dynamotest.First(1, dynamotest.Answers(400, "TransactionConflictException")),
		"always busy with another's work": dynamotest.Answers(400, "TransactionConflictException"),
	} {
		for operation, call := range d.operations() {
			t.Run(name+"/"+operation, func(t *testing.T) {
				d.wire.Calls()
				d.wire.Set(func(ctx context.Context, c dynamotest.Call, pass func() (*http.Response, error)) (*http.Response, error) {
					return fault(ctx, c, func() (*http.Response, error) { return dynamotest.Hangs(ctx, c, pass) })
				})
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				start := time.Now()
				err := call(ctx)
				if took := time.Since(start); apperr.CodeOf(err) != apperr.ServiceUnavailable || took > 2*time.Second {
					t.Errorf("got %v after %s", err, took)
				}
				d.wire.Set(nil)
				if err := call(t.Context()); err != nil {
					t.Errorf("when the hang has passed: %v", err)
				}
			})
		}
	}
}

func TestNoErrorNamesAValue(t *testing.T) {
	d := newTable(t)
	const secret = "ada-lovelace-1815"
	for name, fault := range map[string]dynamotest.Fault{
		"reset": dynamotest.Resets, "internal error": dynamotest.Answers(500, "InternalServerError"), "none": nil,
	} {
		d.wire.Set(fault)
		for _, err := range []error{
			dynamo.Put(t.Context(), d.client, &dynamodb.PutItemInput{
				TableName: aws.String(d.name), Item: key(secret), ConditionExpression: aws.String("attribute_exists(subject)"),
			}),
			dynamo.Transact(t.Context(), d.client, []types.TransactWriteItem{{Delete: &types.Delete{
				TableName: aws.String(d.name), Key: key(secret), ConditionExpression: aws.String("attribute_exists(subject)"),
			}}}),
		} {
			if err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	d.wire.Set(nil)
	row := dynamo.NewRow("T", dynamo.Item{"role": dynamo.S(secret), "n": dynamo.S(secret)})
	row.Role("role")
	if err := row.Err(); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("a malformed row: %v", err)
	}
}

func TestAKeyThatDynamoDBCannotHoldIsNoRow(t *testing.T) {
	d := newTable(t)
	for _, subject := range []string{"", strings.Repeat("x", 2049), strings.Repeat("字", 700), "\xff"} {
		if _, found, err := dynamo.Get(t.Context(), d.client, d.name, key(subject)); found || err != nil {
			t.Errorf("%d bytes: %v, %v", len(subject), found, err)
		}
	}
	if n := len(d.wire.Calls()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
	longest := strings.Repeat("x", 2048)
	if _, found, err := dynamo.Get(t.Context(), d.client, d.name, key(longest)); found || err != nil {
		t.Errorf("the longest key: %v, %v", found, err)
	}
}
