package dynamo_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/apperr"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/dynamotest"
	local "sallyport/tools/local/dynamodb"
	"sallyport/tools/local/template"
)

// events is a table with a sort key and an index.
type events struct {
	client *dynamodb.Client
	name   string
	wire   *dynamotest.Wire
}

func newEvents(t *testing.T, server dynamotest.Server) events {
	t.Helper()
	wire := &dynamotest.Wire{}
	e := events{server.Client(wire), rand.Text() + ".EventsTable", wire}
	text := func(name string) template.KeyAttribute { return template.KeyAttribute{Name: name, Type: "S"} }
	in := local.TableInput(template.Table{
		Name: e.name, PartitionKey: text("account"), SortKey: text("at"),
		Indexes: []template.Index{{Name: "by-day", PartitionKey: text("day"), SortKey: text("at"), Projection: "ALL"}},
	})
	if _, err := e.client.CreateTable(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		wire.Set(nil)
		if _, err := e.client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &e.name}); err != nil {
			t.Error(err)
		}
	})
	for i := range 7 {
		item := dynamo.Item{"account": dynamo.S("a"), "at": dynamo.S(fmt.Sprint(i)), "day": dynamo.S("mon")}
		if err := dynamo.Put(t.Context(), e.client, &dynamodb.PutItemInput{TableName: &e.name, Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	wire.Calls()
	return e
}

// query is of the table, or of its index, three rows a page.
func (e events) query(index string, start dynamo.Item) dynamodb.QueryInput {
	in := dynamodb.QueryInput{
		TableName: &e.name, KeyConditionExpression: aws.String("#p = :p"), ExpressionAttributeNames: map[string]string{"#p": "account"},
		ExpressionAttributeValues: dynamo.Item{":p": dynamo.S("a")}, Limit: aws.Int32(3), ExclusiveStartKey: start,
	}
	if index != "" {
		in.IndexName, in.ExpressionAttributeNames["#p"], in.ExpressionAttributeValues[":p"] = &index, "day", dynamo.S("mon")
	}
	return in
}

func ats(t *testing.T, rows []*dynamo.Row) string {
	t.Helper()
	var all []string
	for _, row := range rows {
		all = append(all, row.Text("at"))
		if err := row.Err(); err != nil {
			t.Error(err)
		}
	}
	return strings.Join(all, " ")
}

func TestPagesFollowOneAnotherByTheirCursors(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		e := newEvents(t, server)
		for name, read := range map[string]struct {
			cursors dynamo.Cursors
			page    func(start dynamo.Item) ([]*dynamo.Row, dynamo.Item, error)
		}{
			"query": {dynamo.NewCursors([]string{"account", "at"}, "q"), func(start dynamo.Item) ([]*dynamo.Row, dynamo.Item, error) {
				return dynamo.Query(t.Context(), e.client, e.query("", start))
			}},
			"query of the index": {dynamo.NewCursors([]string{"account", "at", "day"}, "i"), func(start dynamo.Item) ([]*dynamo.Row, dynamo.Item, error) {
				return dynamo.Query(t.Context(), e.client, e.query("by-day", start))
			}},
			"scan": {dynamo.NewCursors([]string{"account", "at"}, "s"), func(start dynamo.Item) ([]*dynamo.Row, dynamo.Item, error) {
				return dynamo.Scan(t.Context(), e.client, dynamodb.ScanInput{TableName: &e.name, Limit: aws.Int32(3), ExclusiveStartKey: start})
			}},
			"scan of the index": {dynamo.NewCursors([]string{"account", "at", "day"}, "s"), func(start dynamo.Item) ([]*dynamo.Row, dynamo.Item, error) {
				return dynamo.Scan(t.Context(), e.client, dynamodb.ScanInput{TableName: &e.name, IndexName: aws.String("by-day"), Limit: aws.Int32(3), ExclusiveStartKey: start})
			}},
		} {
			var pages []string
			for cursor, more := "", true; more; more = cursor != "" {
				start, err := read.cursors.Key(cursor)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				rows, last, err := read.page(start)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				pages = append(pages, ats(t, rows))
				if cursor, err = read.cursors.Text(last); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if got := strings.Join(pages, "|"); got != "0 1 2|3 4 5|6" {
				t.Errorf("%s: %s", name, got)
			}
		}
		dynamotest.CheckSafe(t, e.wire.Calls(), "Query EventsTable", "Query EventsTable/by-day", "Scan EventsTable", "Scan EventsTable/by-day")
	})
}

// Whatever a caller makes up must be the caller's fault.
func TestACursorThatNamesAPlaceOutsideOfTheQueryIsAnInvalidRequest(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		e := newEvents(t, server)
		elsewhere := dynamo.Item{"account": dynamo.S("b"), "at": dynamo.S("1")}
		_, _, err := dynamo.Query(t.Context(), e.client, e.query("", elsewhere))
		if apperr.CodeOf(err) != apperr.InvalidRequest || !strings.Contains(apperr.From(err).Detail, "Begin again without it.") {
			t.Errorf("another partition: %v", err)
		}
		_, _, err = dynamo.Scan(t.Context(), e.client, dynamodb.ScanInput{TableName: &e.name, ExclusiveStartKey: dynamo.Item{"account": dynamo.S("b")}})
		if apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("a part of a key: %v", err)
		}
		// Without a cursor the same refusal is our fault.
		in := e.query("", nil)
		in.KeyConditionExpression = aws.String("#p > :p")
		if _, _, err := dynamo.Query(t.Context(), e.client, in); apperr.CodeOf(err) != apperr.ServiceUnavailable {
			t.Errorf("a wrong query: %v", err)
		}
	})
}

func TestABatchIsReadWholeEvenInSeveralAnswers(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		e := newEvents(t, server)
		var keys []dynamo.Item
		for i := range 230 {
			keys = append(keys, dynamo.Item{"account": dynamo.S("a"), "at": dynamo.S(fmt.Sprint(i))})
		}
		rows, err := dynamo.BatchGet(t.Context(), e.client, e.name, keys)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(ats(t, rows))
		slices.Sort(got)
		if strings.Join(got, " ") != "0 1 2 3 4 5 6" {
			t.Errorf("%s", got)
		}
		calls := e.wire.Calls()
		dynamotest.CheckSafe(t, calls, "BatchGetItem EventsTable")
		if len(calls) != 3 {
			t.Errorf("%d calls for 230 keys", len(calls))
		}
		if rows, err := dynamo.BatchGet(t.Context(), e.client, e.name, nil); err != nil || len(rows) != 0 || len(e.wire.Calls()) != 0 {
			t.Errorf("no keys: %v, %v", rows, err)
		}
	})
}

// leaves is a Fault that lets the server read one key of a batch, and names the others as not processed.
func leaves(_ context.Context, call dynamotest.Call, _ func() (*http.Response, error)) (*http.Response, error) {
	var asked struct {
		RequestItems map[string]struct {
			Keys []map[string]map[string]string
		}
	}
	if err := json.Unmarshal(call.Body, &asked); err != nil {
		return nil, err
	}
	answer := map[string]any{}
	for table, of := range asked.RequestItems {
		answer["Responses"] = map[string]any{table: of.Keys[:1]}
		if len(of.Keys) > 1 {
			answer["UnprocessedKeys"] = map[string]any{table: map[string]any{"Keys": of.Keys[1:], "ConsistentRead": true}}
		}
	}
	body, err := json.Marshal(answer)
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(string(body))),
	}, err
}

func TestWhatABatchLeavesOutIsAskedForAgainABoundedNumberOfTimes(t *testing.T) {
	e := newEvents(t, dynamotest.Embedded(t))
	key := func(i int) dynamo.Item { return dynamo.Item{"account": dynamo.S("a"), "at": dynamo.S(fmt.Sprint(i))} }
	e.wire.Set(leaves)
	rows, err := dynamo.BatchGet(t.Context(), e.client, e.name, []dynamo.Item{key(0), key(1), key(2), key(3), key(4)})
	if err != nil || ats(t, rows) != "0 1 2 3 4" {
		t.Errorf("%v, %v", rows, err)
	}
	if n := len(e.wire.Calls()); n != 5 {
		t.Errorf("%d calls", n)
	}
	rows, err = dynamo.BatchGet(t.Context(), e.client, e.name, []dynamo.Item{key(0), key(1), key(2), key(3), key(4), key(5)})
	if apperr.CodeOf(err) != apperr.ServiceUnavailable || rows != nil {
		t.Errorf("what is never read: %v, %v", rows, err)
	}
	if n := len(e.wire.Calls()); n != 5 {
		t.Errorf("%d calls", n)
	}
}

func TestARowOfAPageAnswersForItself(t *testing.T) {
	e := newEvents(t, dynamotest.Embedded(t))
	rows, _, err := dynamo.Query(t.Context(), e.client, e.query("", nil))
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v, %v", rows, err)
	}
	rows[1].Number("at")
	if rows[0].Err() != nil || apperr.CodeOf(rows[1].Err()) != apperr.Corrupt {
		t.Errorf("%v, %v", rows[0].Err(), rows[1].Err())
	}
	if day := rows[2].Text("day"); day != "mon" || rows[2].Err() != nil {
		t.Errorf("%q, %v", day, rows[2].Err())
	}
}
