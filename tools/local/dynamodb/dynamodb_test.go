package dynamodb_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"sallyport/tools/local/awsjson"
	"sallyport/tools/local/dynamodb"
)

type item = map[string]types.AttributeValue

func s(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
func n(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }
func m(v item) types.AttributeValue   { return &types.AttributeValueMemberM{Value: v} }

func newClient(t *testing.T) (*sdk.Client, *dynamodb.Server) {
	t.Helper()
	server := dynamodb.NewServer()
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	client := sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(listener.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("ASIATEST", "secret", "token"),
	})
	createTable(t, client, "people", "name")
	createTable(t, client, "tokens", "user_id", "token_id")
	return client, server
}

func createTable(t *testing.T, client *sdk.Client, name string, keys ...string) {
	t.Helper()
	in := &sdk.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest}
	for i, key := range keys {
		kind := []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}[i]
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: aws.String(key), KeyType: kind})
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String(key), AttributeType: types.ScalarAttributeTypeS})
	}
	if _, err := client.CreateTable(t.Context(), in); err != nil {
		t.Fatalf("create table %s: %v", name, err)
	}
}

func put(t *testing.T, client *sdk.Client, table string, it item) {
	t.Helper()
	if _, err := client.PutItem(t.Context(), &sdk.PutItemInput{TableName: &table, Item: it}); err != nil {
		t.Fatalf("put into %s: %v", table, err)
	}
}

func get(t *testing.T, client *sdk.Client, table string, key item) item {
	t.Helper()
	out, err := client.GetItem(t.Context(), &sdk.GetItemInput{TableName: &table, Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatalf("get from %s: %v", table, err)
	}
	return out.Item
}

func TestEveryTypeOfValueComesBackAsItWasWrittenEmptyOnesIncluded(t *testing.T) {
	client, _ := newClient(t)
	want := item{
		"name": s("x.\"\\\u2028 <&> 👩‍🚀\x00"), "empty_string": s(""), "empty_map": m(item{}), "number": n("1796083200"),
		"empty_list": &types.AttributeValueMemberL{Value: []types.AttributeValue{}}, "empty_binary": &types.AttributeValueMemberB{Value: []byte{}},
		"binary": &types.AttributeValueMemberB{Value: []byte{0, 255}}, "null": &types.AttributeValueMemberNULL{Value: true},
		"bool":    &types.AttributeValueMemberBOOL{Value: false},
		"strings": &types.AttributeValueMemberSS{Value: []string{"a", "b"}}, "numbers": &types.AttributeValueMemberNS{Value: []string{"1", "2"}},
		"binaries": &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2}}},
		"nested":   m(item{"list": &types.AttributeValueMemberL{Value: []types.AttributeValue{m(item{}), n("2"), s("")}}}),
	}
	put(t, client, "people", want)
	if got := get(t, client, "people", item{"name": want["name"]}); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

func TestQueryAndScanGoThroughAllRowsPageByPage(t *testing.T) {
	client, _ := newClient(t)
	for _, user := range []string{"a", "a.b"} {
		for i := range 5 {
			put(t, client, "tokens", item{"user_id": s(user), "token_id": s(fmt.Sprint("b.", i)), "odd": &types.AttributeValueMemberBOOL{Value: i%2 == 1}})
		}
	}
	var scanned, queried, filtered []string
	in := &sdk.ScanInput{TableName: aws.String("tokens"), Limit: aws.Int32(3), ProjectionExpression: aws.String("token_id")}
	for pages := sdk.NewScanPaginator(client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.Items {
			if len(row) != 1 {
				t.Errorf("not projected: %#v", row)
			}
			scanned = append(scanned, row["token_id"].(*types.AttributeValueMemberS).Value)
		}
	}
	query := &sdk.QueryInput{TableName: aws.String("tokens"), KeyConditionExpression: aws.String("user_id = :u"), Limit: aws.Int32(2), ScanIndexForward: aws.Bool(false),
		ExpressionAttributeValues: item{":u": s("a")}}
	for pages := sdk.NewQueryPaginator(client, query); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.Items {
			queried = append(queried, row["token_id"].(*types.AttributeValueMemberS).Value)
		}
	}
	page, err := client.Query(t.Context(), &sdk.QueryInput{TableName: aws.String("tokens"), KeyConditionExpression: aws.String("user_id = :u"),
		FilterExpression: aws.String("odd = :t"), ExpressionAttributeValues: item{":u": s("a.b"), ":t": &types.AttributeValueMemberBOOL{Value: true}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range page.Items {
		filtered = append(filtered, row["token_id"].(*types.AttributeValueMemberS).Value)
	}
	if len(scanned) != 10 || strings.Join(queried, " ") != "b.4 b.3 b.2 b.1 b.0" || strings.Join(filtered, " ") != "b.1 b.3" {
		t.Errorf("scanned %v\nqueried %v\nfiltered %v", scanned, queried, filtered)
	}
}

func TestEntriesOfAMapAreSetAndRemovedDownToTheEmptyMap(t *testing.T) {
	client, _ := newClient(t)
	key := item{"name": s("ana")}
	put(t, client, "people", item{"name": s("ana"), "sessions": m(item{}), "revision": n("0")})
	update := func(expression string, values item) item {
		out, err := client.UpdateItem(t.Context(), &sdk.UpdateItemInput{
			TableName: aws.String("people"), Key: key, UpdateExpression: &expression, ReturnValues: types.ReturnValueAllNew,
			ExpressionAttributeNames: map[string]string{"#t": "0123"}, ExpressionAttributeValues: values,
		})
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		return out.Attributes
	}
	entry := m(item{"expires_at": n("5")})
	if got := update("SET sessions.#t = :e, revision = revision + :one", item{":e": entry, ":one": n("1")}); !reflect.DeepEqual(got["sessions"], m(item{"0123": entry})) {
		t.Errorf("after SET: %#v", got)
	}
	got := update("REMOVE sessions.#t SET revision = revision + :one", item{":one": n("1")})
	if want := (item{"name": s("ana"), "sessions": m(item{}), "revision": n("2")}); !reflect.DeepEqual(got, want) {
		t.Errorf("after REMOVE: %#v", got)
	}
	if stored := get(t, client, "people", key); !reflect.DeepEqual(stored, got) {
		t.Errorf("stored %#v, told %#v", stored, got)
	}
}

func TestAnUpdateChangesWhatItNamesAndNothingElse(t *testing.T) {
	client, _ := newClient(t)
	put(t, client, "people", item{"name": s("ana"), "wrapped_key": s("x"), "status": s("active"), "exact": n("9007199254740993"), "dec": n("1.50"),
		"codes": &types.AttributeValueMemberL{Value: []types.AttributeValue{s("a"), s("b"), s("c")}}})
	out, err := client.UpdateItem(t.Context(), &sdk.UpdateItemInput{
		TableName: aws.String("people"), Key: item{"name": s("ana")}, ReturnValues: types.ReturnValueUpdatedNew,
		UpdateExpression:         aws.String("REMOVE wrapped_key, #absent, codes[1] SET #s = :s, failures = if_not_exists(failures, :zero) + :one ADD generation :one"),
		ExpressionAttributeNames: map[string]string{"#s": "status", "#absent": "never there"}, ExpressionAttributeValues: item{":s": s("disabled"), ":zero": n("0"), ":one": n("1")},
		ConditionExpression: aws.String("contains(codes, :s) OR (size(codes) > :one AND #s <> :s)"),
	})
	if err != nil {
		t.Fatal(err)
	}
	codes := &types.AttributeValueMemberL{Value: []types.AttributeValue{s("a"), s("c")}}
	updated := item{"status": s("disabled"), "failures": n("1"), "generation": n("1"), "codes": codes}
	if !reflect.DeepEqual(out.Attributes, updated) {
		t.Errorf("UPDATED_NEW: %#v", out.Attributes)
	}
	want := item{"name": s("ana"), "status": s("disabled"), "exact": n("9007199254740993"), "dec": n("1.50"), "codes": codes, "failures": n("1"), "generation": n("1")}
	if got := get(t, client, "people", item{"name": s("ana")}); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

func TestAFailedConditionShowsTheItemToWhoAsksForIt(t *testing.T) {
	client, _ := newClient(t)
	old := item{"name": s("ana"), "sessions": m(item{})}
	put(t, client, "people", old)
	table, never := aws.String("people"), aws.String("attribute_not_exists(sessions)")
	allOld := types.ReturnValuesOnConditionCheckFailureAllOld
	for operation, call := range map[string]func(types.ReturnValuesOnConditionCheckFailure) error{
		"put": func(r types.ReturnValuesOnConditionCheckFailure) error {
			_, err := client.PutItem(t.Context(), &sdk.PutItemInput{TableName: table, Item: item{"name": s("ana")}, ConditionExpression: never, ReturnValuesOnConditionCheckFailure: r})
			return err
		},
		"update": func(r types.ReturnValuesOnConditionCheckFailure) error {
			_, err := client.UpdateItem(t.Context(), &sdk.UpdateItemInput{TableName: table, Key: item{"name": s("ana")}, UpdateExpression: aws.String("SET a = :a"),
				ExpressionAttributeValues: item{":a": n("1")}, ConditionExpression: never, ReturnValuesOnConditionCheckFailure: r})
			return err
		},
		"delete": func(r types.ReturnValuesOnConditionCheckFailure) error {
			_, err := client.DeleteItem(t.Context(), &sdk.DeleteItemInput{TableName: table, Key: item{"name": s("ana")}, ConditionExpression: never, ReturnValuesOnConditionCheckFailure: r})
			return err
		},
	} {
		var failed *types.ConditionalCheckFailedException
		if err := call(allOld); !errors.As(err, &failed) || !reflect.DeepEqual(failed.Item, old) {
			t.Errorf("%s with ALL_OLD: %v, item %#v", operation, err, failed)
		}
		if err := call(""); !errors.As(err, &failed) || failed.Item != nil {
			t.Errorf("%s: %v, item %#v", operation, err, failed)
		}
	}
	_, err := client.DeleteItem(t.Context(), &sdk.DeleteItemInput{TableName: table, Key: item{"name": s("nobody")},
		ConditionExpression: aws.String("attribute_exists(sessions)"), ReturnValuesOnConditionCheckFailure: allOld})
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) || failed.Item != nil {
		t.Errorf("delete what isn't there: %v %#v", err, failed)
	}
}

func TestPutReturnsWhatItReplaced(t *testing.T) {
	client, _ := newClient(t)
	for i, want := range []item{nil, {"name": s("ana"), "v": n("0")}} {
		out, err := client.PutItem(t.Context(), &sdk.PutItemInput{TableName: aws.String("people"), ReturnValues: types.ReturnValueAllOld,
			Item: item{"name": s("ana"), "v": n(fmt.Sprint(i))}})
		if err != nil || !reflect.DeepEqual(out.Attributes, want) {
			t.Errorf("put %d: %v %#v", i, err, out)
		}
	}
}

func transact(ctx context.Context, client *sdk.Client, token string, items ...types.TransactWriteItem) error {
	in := &sdk.TransactWriteItemsInput{TransactItems: items}
	if token != "" {
		in.ClientRequestToken = &token
	}
	_, err := client.TransactWriteItems(ctx, in)
	return err
}

func TestACancelledTransactionNamesEveryFailedConditionAndChangesNothing(t *testing.T) {
	client, _ := newClient(t)
	ana := item{"name": s("ana"), "sessions": m(item{}), "revision": n("3")}
	put(t, client, "people", ana)
	allOld := types.ReturnValuesOnConditionCheckFailureAllOld
	err := transact(t.Context(), client, "",
		types.TransactWriteItem{Put: &types.Put{TableName: aws.String("tokens"), Item: item{"user_id": s("u"), "token_id": s("t")}}},
		types.TransactWriteItem{Delete: &types.Delete{TableName: aws.String("people"), Key: item{"name": s("nobody")}, ConditionExpression: aws.String("attribute_exists(revision)"), ReturnValuesOnConditionCheckFailure: allOld}},
		types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: aws.String("tokens"), Key: item{"user_id": s("x"), "token_id": s("y")}, ConditionExpression: aws.String("attribute_not_exists(user_id)")}},
		types.TransactWriteItem{Update: &types.Update{TableName: aws.String("people"), Key: item{"name": s("ana")}, UpdateExpression: aws.String("SET revision = :r"),
			ConditionExpression: aws.String("revision < :r"), ExpressionAttributeValues: item{":r": n("3")}, ReturnValuesOnConditionCheckFailure: allOld}},
	)
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		t.Fatalf("got %v", err)
	}
	codes := make([]string, len(cancelled.CancellationReasons))
	for i, r := range cancelled.CancellationReasons {
		codes[i] = aws.ToString(r.Code)
	}
	if got := strings.Join(codes, " "); got != "None ConditionalCheckFailed None ConditionalCheckFailed" {
		t.Errorf("reasons: %s", got)
	}
	if got := cancelled.CancellationReasons[1].Item; got != nil {
		t.Errorf("an absent item is shown as %#v", got)
	}
	if got := cancelled.CancellationReasons[3].Item; !reflect.DeepEqual(got, ana) {
		t.Errorf("item of the failed update: %#v", got)
	}
	if got := get(t, client, "people", item{"name": s("ana")}); !reflect.DeepEqual(got, ana) {
		t.Errorf("the item changed: %#v", got)
	}
	if got := get(t, client, "tokens", item{"user_id": s("u"), "token_id": s("t")}); got != nil {
		t.Errorf("the put was kept: %#v", got)
	}
}

func TestARepeatedTransactionIsDoneOnce(t *testing.T) {
	client, _ := newClient(t)
	add := func(by string) types.TransactWriteItem {
		return types.TransactWriteItem{Update: &types.Update{TableName: aws.String("people"), Key: item{"name": s("ana")},
			UpdateExpression: aws.String("ADD revision :by"), ExpressionAttributeValues: item{":by": n(by)}}}
	}
	for range 3 {
		if err := transact(t.Context(), client, "token-1", add("1")); err != nil {
			t.Fatal(err)
		}
	}
	if got := get(t, client, "people", item{"name": s("ana")}); !reflect.DeepEqual(got["revision"], n("1")) {
		t.Errorf("after three times the same: %#v", got)
	}
	var mismatch *types.IdempotentParameterMismatchException
	if err := transact(t.Context(), client, "token-1", add("2")); !errors.As(err, &mismatch) {
		t.Errorf("the same token with another request: %v", err)
	}
}

func TestParallelTransactionsOnOneConditionHaveOneWinner(t *testing.T) {
	client, _ := newClient(t)
	var wg sync.WaitGroup
	var won, lost atomic.Int64
	for i := range 64 {
		wg.Go(func() {
			err := transact(t.Context(), client, "",
				types.TransactWriteItem{Put: &types.Put{TableName: aws.String("tokens"), Item: item{"user_id": s("u"), "token_id": s(fmt.Sprint(i))}}},
				types.TransactWriteItem{Put: &types.Put{TableName: aws.String("people"), Item: item{"name": s("one")}, ConditionExpression: aws.String("attribute_not_exists(sessions) AND attribute_not_exists(#n)"), ExpressionAttributeNames: map[string]string{"#n": "name"}}})
			var cancelled *types.TransactionCanceledException
			switch {
			case err == nil:
				won.Add(1)
			case errors.As(err, &cancelled):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 63 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
	page, err := client.Scan(t.Context(), &sdk.ScanInput{TableName: aws.String("tokens")})
	if err != nil || page.Count != 1 {
		t.Errorf("the losers left rows: %v %d", err, page.Count)
	}
}

func TestRequestsThatDynamoDBRefusesAreRefused(t *testing.T) {
	client, _ := newClient(t)
	var many []types.TransactWriteItem
	for i := range 101 {
		many = append(many, types.TransactWriteItem{Delete: &types.Delete{TableName: aws.String("people"), Key: item{"name": s(fmt.Sprint(i))}}})
	}
	update := func(expression string, names map[string]string, values item) error {
		_, err := client.UpdateItem(t.Context(), &sdk.UpdateItemInput{TableName: aws.String("people"), Key: item{"name": s("ana")},
			UpdateExpression: &expression, ExpressionAttributeNames: names, ExpressionAttributeValues: values})
		return err
	}
	two := types.TransactWriteItem{Delete: &types.Delete{TableName: aws.String("people"), Key: item{"name": s("x")}}}
	getKey := func(table string, key item) error {
		_, err := client.GetItem(t.Context(), &sdk.GetItemInput{TableName: &table, Key: key})
		return err
	}
	for what, c := range map[string]struct {
		err  error
		code string
	}{
		"more than 100 actions":  {transact(t.Context(), client, "", many...), "ValidationException"},
		"one item twice":         {transact(t.Context(), client, "", two, two), "ValidationException"},
		"empty key":              {getKey("people", item{"name": s("")}), "ValidationException"},
		"oversized key":          {getKey("people", item{"name": s(strings.Repeat("x", 2049))}), "ValidationException"},
		"oversized sort key":     {getKey("tokens", item{"user_id": s("u"), "token_id": s(strings.Repeat("x", 1025))}), "ValidationException"},
		"missing sort key":       {getKey("tokens", item{"user_id": s("u")}), "ValidationException"},
		"key of another type":    {getKey("people", item{"name": n("1")}), "ValidationException"},
		"overlapping paths":      {update("SET a = :m, a.#b = :m", map[string]string{"#b": "b"}, item{":m": m(item{})}), "ValidationException"},
		"the same path twice":    {update("SET a = :m, #b = :m", map[string]string{"#b": "a"}, item{":m": m(item{})}), "ValidationException"},
		"a path without parent":  {update("SET nowhere.#b = :m", map[string]string{"#b": "b"}, item{":m": m(item{})}), "ValidationException"},
		"updating the key":       {update("SET #n = :m", map[string]string{"#n": "name"}, item{":m": s("x")}), "ValidationException"},
		"a reserved word":        {update("SET status = :m", nil, item{":m": s("x")}), "ValidationException"},
		"an unused value":        {update("SET a = :m", nil, item{":m": s("x"), ":n": s("x")}), "ValidationException"},
		"an unused name":         {update("SET a = :m", map[string]string{"#b": "b"}, item{":m": s("x")}), "ValidationException"},
		"an undefined value":     {update("SET a = :m", nil, nil), "ValidationException"},
		"an undefined name":      {update("SET #a = :m", nil, item{":m": s("x")}), "ValidationException"},
		"a broken expression":    {update("SET a = ", nil, nil), "ValidationException"},
		"a number that is none":  {update("SET a = :m", nil, item{":m": n("x")}), "ValidationException"},
		"no such table":          {getKey("nowhere", item{"name": s("x")}), "ResourceNotFoundException"},
		"the engine's own table": {getKey("!never", item{"never": s("x")}), "ResourceNotFoundException"},
	} {
		var apiErr smithy.APIError
		if !errors.As(c.err, &apiErr) || apiErr.ErrorCode() != c.code {
			t.Errorf("%s: %v, want %s", what, c.err, c.code)
		}
	}
}

func TestTablesAreActiveListedAndKeepTheirTimeToLive(t *testing.T) {
	client, _ := newClient(t)
	waiter := sdk.NewTableExistsWaiter(client)
	if err := waiter.Wait(t.Context(), &sdk.DescribeTableInput{TableName: aws.String("tokens")}, time.Second); err != nil {
		t.Errorf("wait for the table: %v", err)
	}
	list, err := client.ListTables(t.Context(), &sdk.ListTablesInput{})
	if err != nil || !reflect.DeepEqual(list.TableNames, []string{"people", "tokens"}) {
		t.Errorf("list: %v %v", err, list)
	}
	enable := func() error {
		_, err := client.UpdateTimeToLive(t.Context(), &sdk.UpdateTimeToLiveInput{TableName: aws.String("tokens"),
			TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("expires_at"), Enabled: aws.Bool(true)}})
		return err
	}
	if err := enable(); err != nil {
		t.Errorf("enable TTL: %v", err)
	}
	if err := enable(); err == nil || !strings.Contains(err.Error(), "already enabled") {
		t.Errorf("enable TTL twice: %v", err)
	}
	ttl, err := client.DescribeTimeToLive(t.Context(), &sdk.DescribeTimeToLiveInput{TableName: aws.String("tokens")})
	if err != nil || ttl.TimeToLiveDescription.TimeToLiveStatus != types.TimeToLiveStatusEnabled || aws.ToString(ttl.TimeToLiveDescription.AttributeName) != "expires_at" {
		t.Errorf("describe TTL: %v %+v", err, ttl)
	}
	var inUse *types.ResourceInUseException
	_, err = client.CreateTable(t.Context(), &sdk.CreateTableInput{TableName: aws.String("people"), KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("name"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("name"), AttributeType: types.ScalarAttributeTypeS}}})
	if !errors.As(err, &inUse) {
		t.Errorf("create an existing table: %v", err)
	}
	if _, err := client.DeleteTable(t.Context(), &sdk.DeleteTableInput{TableName: aws.String("people")}); err != nil {
		t.Errorf("delete: %v", err)
	}
	var gone *types.ResourceNotFoundException
	if _, err := client.DescribeTable(t.Context(), &sdk.DescribeTableInput{TableName: aws.String("people")}); !errors.As(err, &gone) {
		t.Errorf("describe a deleted table: %v", err)
	}
}

func TestTablesCanBeMadeUnderTraffic(t *testing.T) {
	client, _ := newClient(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() { put(t, client, "people", item{"name": s(fmt.Sprint(i))}) })
		wg.Go(func() { createTable(t, client, fmt.Sprint("extra-", i), "k") })
	}
	wg.Wait()
}

func TestFaultsAreInjectedByOperationAndCaller(t *testing.T) {
	client, server := newClient(t)
	key := item{"name": s("ana")}
	getOnce := func(ctx context.Context) error {
		_, err := client.GetItem(ctx, &sdk.GetItemInput{TableName: aws.String("people"), Key: key})
		return err
	}
	for name, c := range map[string]struct {
		fault error
		code  string
	}{"conflict": {dynamodb.Conflict(2), "TransactionCanceledException"}, "throttled": {dynamodb.Throttled(), "ThrottlingException"}, "internal": {dynamodb.Internal(), "InternalServerError"}} {
		server.Intercept(func(call awsjson.Call) error {
			if call == (awsjson.Call{Operation: "GetItem", AccessKeyID: "ASIATEST"}) {
				return c.fault
			}
			return nil
		})
		var apiErr smithy.APIError
		if err := getOnce(t.Context()); !errors.As(err, &apiErr) || apiErr.ErrorCode() != c.code {
			t.Errorf("%s: %v", name, err)
		}
		put(t, client, "people", key)
	}
	server.Intercept(func(awsjson.Call) error { return awsjson.ErrHang })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := getOnce(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hanging: %v", err)
	}
	server.Intercept(nil)
	if err := getOnce(t.Context()); err != nil {
		t.Errorf("after the fault: %v", err)
	}
}

func TestARequestWithoutASignatureIsRefused(t *testing.T) {
	listener := httptest.NewServer(dynamodb.NewServer())
	defer listener.Close()
	for header, want := range map[string]string{"": "MissingAuthenticationTokenException", "Bearer x": "MissingAuthenticationTokenException"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, listener.URL, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
		request.Header.Set("Authorization", header)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 500)
		size, _ := response.Body.Read(body)
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest || !strings.Contains(string(body[:size]), want) {
			t.Errorf("%q: %d %s", header, response.StatusCode, body[:size])
		}
	}
}
