package dynamodb_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestABatchGetsTheRowsThatAreThereEachOnce(t *testing.T) {
	eachServer(t, func(t *testing.T, client *sdk.Client, events string) {
		seed(t, client, events)
		key := func(account string, i int) item { return item{"account": s(account), "at": s(fmt.Sprint("t", i))} }
		get := func(keys ...item) (*sdk.BatchGetItemOutput, error) {
			return client.BatchGetItem(t.Context(), &sdk.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
				events: {Keys: keys, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("#at"), ExpressionAttributeNames: map[string]string{"#at": "at"}},
			}})
		}
		out, err := get(key("a", 0), key("a", 1), key("b", 1), key("b", 9))
		if err != nil || len(out.UnprocessedKeys) != 0 {
			t.Fatalf("%v %v", out, err)
		}
		rows := out.Responses[events]
		slices.SortFunc(rows, func(a, b item) int { return strings.Compare(ats([]item{a}), ats([]item{b})) })
		if ats(rows) != "0 1 9" || len(rows[0]) != 1 {
			t.Errorf("%v", rows)
		}
		if out, err := get(key("a", 1)); err != nil || len(out.Responses[events]) != 0 {
			t.Errorf("none of them there: %v, %v", out, err)
		}
		many := make([]item, 101)
		for i := range many {
			many[i] = key("c", i)
		}
		if _, err := get(many[:100]...); err != nil {
			t.Errorf("a hundred: %v", err)
		}
		for what, err := range map[string]error{
			"more than a hundred": second(get(many...)), "one key twice": second(get(key("a", 0), key("a", 0))),
			"a part of a key": second(get(item{"account": s("a")})), "another attribute": second(get(item{"account": s("a"), "at": s("t"), "note": s("x")})),
			"an empty key": second(get(item{"account": s("a"), "at": s("")})),
			"no table":     second(client.BatchGetItem(t.Context(), &sdk.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{}})),
		} {
			if code(err) != "ValidationException" {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err = client.BatchGetItem(t.Context(), &sdk.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"nowhere": {Keys: []item{key("a", 1)}}}})
		if code(err) != "ResourceNotFoundException" {
			t.Errorf("no such table: %v", err)
		}
	})
}

func TestABatchOverItsSizeSaysWhichKeysAreLeft(t *testing.T) {
	eachServer(t, func(t *testing.T, client *sdk.Client, events string) {
		var keys []item
		for i := range 50 {
			row := event("a", fmt.Sprint("t", i), "", "")
			row["note"] = s(strings.Repeat("x", 390_000))
			put(t, client, events, row)
			keys = append(keys, item{"account": row["account"], "at": row["at"]})
		}
		request := map[string]types.KeysAndAttributes{events: {Keys: keys, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("#at"), ExpressionAttributeNames: map[string]string{"#at": "at"}}}
		seen := map[string]bool{}
		rounds := 0
		for ; len(request) > 0 && rounds < 5; rounds++ {
			out, err := client.BatchGetItem(t.Context(), &sdk.BatchGetItemInput{RequestItems: request})
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range out.Responses[events] {
				seen[ats([]item{row})] = true
			}
			if rest, ok := out.UnprocessedKeys[events]; ok && (!aws.ToBool(rest.ConsistentRead) || rest.ProjectionExpression == nil) {
				t.Errorf("what is left is asked for otherwise: %+v", rest)
			}
			request = out.UnprocessedKeys
		}
		if rounds != 2 || len(seen) != 50 {
			t.Errorf("%d rounds, %d rows", rounds, len(seen))
		}
	})
}

func second[T any](_ T, err error) error { return err }
