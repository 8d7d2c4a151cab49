package dynamodb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// eachServer runs a test against this server, and against DynamoDB Local when DYNAMODB_LOCAL_URL names one, as it must in CI: what
// the two agree on is the measure. The table "events" has two indexes.
func eachServer(t *testing.T, run func(t *testing.T, client *sdk.Client, events string)) {
	t.Run("embedded", func(t *testing.T) {
		client, _ := newClient(t)
		run(t, client, makeEvents(t, client))
	})
	url := os.Getenv("DYNAMODB_LOCAL_URL")
	if url == "" {
		if os.Getenv("CI") != "" {
			t.Error("in CI, DYNAMODB_LOCAL_URL must name a DynamoDB Local; start one with .ci/servers")
		}
		return
	}
	t.Run("DynamoDB Local", func(t *testing.T) {
		client := sdk.New(sdk.Options{
			Region: "us-east-1", BaseEndpoint: &url, RetryMaxAttempts: 1,
			Credentials: credentials.NewStaticCredentialsProvider("local", "secret", "token"),
		})
		run(t, client, makeEvents(t, client))
	})
}

func makeEvents(t *testing.T, client *sdk.Client) string {
	t.Helper()
	name := strings.ReplaceAll(t.Name(), "/", ".")
	name = "e." + name[max(0, len(name)-200):]
	in := eventsInput(name)
	if _, err := client.CreateTable(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteTable(context.WithoutCancel(t.Context()), &sdk.DeleteTableInput{TableName: &name}); err != nil {
			t.Error(err)
		}
	})
	return name
}

func schema(keys ...string) []types.KeySchemaElement {
	kinds := []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}
	elements := make([]types.KeySchemaElement, len(keys))
	for i, key := range keys {
		elements[i] = types.KeySchemaElement{AttributeName: aws.String(key), KeyType: kinds[i]}
	}
	return elements
}

func eventsInput(name string) *sdk.CreateTableInput {
	define := func(name string, kind types.ScalarAttributeType) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: kind}
	}
	return &sdk.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest, KeySchema: schema("account", "at"),
		AttributeDefinitions: []types.AttributeDefinition{define("account", "S"), define("at", "S"), define("day", "S"), define("rank", "N")},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			{IndexName: aws.String("by-day"), KeySchema: schema("day", "at"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll}},
			{IndexName: aws.String("by-rank"), KeySchema: schema("day", "rank"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}},
			{IndexName: aws.String("by-number"), KeySchema: schema("rank"), Projection: &types.Projection{
				ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"note"}}},
		},
	}
}

// event is a row of the table; empty members are left out.
func event(account, at, day, rank string) item {
	it := item{"account": s(account), "at": s(at), "note": s(account + at), "odd": &types.AttributeValueMemberBOOL{Value: at[len(at)-1]%2 == 1}}
	if day != "" {
		it["day"] = s(day)
	}
	if rank != "" {
		it["rank"] = n(rank)
	}
	return it
}

// seed puts ten rows of two accounts on two days; the ranks -2 to 7 are in no order of text. One has no day, and one no rank.
func seed(t *testing.T, client *sdk.Client, events string) {
	t.Helper()
	for i := range 10 {
		account, day, rank := []string{"a", "b"}[i%2], []string{"mon", "tue"}[i/5], fmt.Sprint(9*i-20)
		if i == 3 {
			day = ""
		}
		if i == 4 {
			rank = ""
		}
		put(t, client, events, event(account, fmt.Sprint("t", i), day, rank))
	}
}

// ats lists the sort keys of the rows: "t0 t2".
func ats(rows []item) string {
	var all []string
	for _, row := range rows {
		all = append(all, strings.TrimPrefix(row["at"].(*types.AttributeValueMemberS).Value, "t"))
	}
	return strings.Join(all, " ")
}

func code(err error) string {
	if failed, ok := errors.AsType[smithy.APIError](err); ok {
		return failed.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestAnIndexHasTheRowsWithItsKeyAndOfThemWhatItProjects(t *testing.T) {
	eachServer(t, func(t *testing.T, client *sdk.Client, events string) {
		put(t, client, events, event("a", "t1", "mon", "5"))
		put(t, client, events, event("a", "t2", "mon", ""))
		put(t, client, events, event("a", "t3", "", "5"))
		for index, want := range map[string][]item{
			"by-day":    {event("a", "t1", "mon", "5"), event("a", "t2", "mon", "")},
			"by-rank":   {{"account": s("a"), "at": s("t1"), "day": s("mon"), "rank": n("5")}},
			"by-number": {{"account": s("a"), "at": s("t1"), "rank": n("5"), "note": s("at1")}, {"account": s("a"), "at": s("t3"), "rank": n("5"), "note": s("at3")}},
		} {
			out, err := client.Scan(t.Context(), &sdk.ScanInput{TableName: &events, IndexName: &index})
			if err != nil {
				t.Fatalf("%s: %v", index, err)
			}
			slices.SortFunc(out.Items, func(a, b item) int { return strings.Compare(ats([]item{a}), ats([]item{b})) })
			if !reflect.DeepEqual(out.Items, want) {
				t.Errorf("%s: %v", index, out.Items)
			}
		}
		// An update that gives a row the key's attribute puts it into the index, and one that takes it away removes it.
		update := func(at, expression string, values item) {
			if _, err := client.UpdateItem(t.Context(), &sdk.UpdateItemInput{TableName: &events, Key: item{"account": s("a"), "at": s(at)},
				UpdateExpression: &expression, ExpressionAttributeNames: map[string]string{"#day": "day"}, ExpressionAttributeValues: values}); err != nil {
				t.Fatal(err)
			}
		}
		update("t3", "SET #day = :d", item{":d": s("mon")})
		update("t1", "REMOVE #day", nil)
		out, err := client.Query(t.Context(), &sdk.QueryInput{TableName: &events, IndexName: aws.String("by-day"), KeyConditionExpression: aws.String("#day = :d"),
			ExpressionAttributeNames: map[string]string{"#day": "day"}, ExpressionAttributeValues: item{":d": s("mon")}})
		if err != nil || ats(out.Items) != "2 3" {
			t.Errorf("after the updates: %v, %v", out, err)
		}
	})
}

func TestARowThatAnIndexCanNotHoldIsRefused(t *testing.T) {
	eachServer(t, func(t *testing.T, client *sdk.Client, events string) {
		update := func(value types.AttributeValue) error {
			_, err := client.UpdateItem(t.Context(), &sdk.UpdateItemInput{TableName: &events, Key: item{"account": s("a"), "at": s("t")},
				UpdateExpression: aws.String("SET #d = :d"), ExpressionAttributeNames: map[string]string{"#d": "day"}, ExpressionAttributeValues: item{":d": value}})
			return err
		}
		putDay := func(value types.AttributeValue) error {
			_, err := client.PutItem(t.Context(), &sdk.PutItemInput{TableName: &events, Item: item{"account": s("a"), "at": s("t"), "day": value}})
			return err
		}
		for what, value := range map[string]types.AttributeValue{"another type": n("1"), "an empty text": s(""), "null": &types.AttributeValueMemberNULL{Value: true}} {
			if err := putDay(value); code(err) != "ValidationException" {
				t.Errorf("put %s: %v", what, err)
			}
			if what == "another type" && t.Name() == "TestARowThatAnIndexCanNotHoldIsRefused/DynamoDB_Local" {
				continue // DynamoDB Local takes it, where AWS says "The update expression attempted to update the secondary index key to unsupported type"
			}
			if err := update(value); code(err) != "ValidationException" {
				t.Errorf("update %s: %v", what, err)
			}
		}
		if err := update(s("mon")); err != nil {
			t.Error(err)
		}
	})
}

func TestATableDescribesItsIndexesAndNeedsThemWhole(t *testing.T) {
	eachServer(t, func(t *testing.T, client *sdk.Client, events string) {
		out, err := client.DescribeTable(t.Context(), &sdk.DescribeTableInput{TableName: &events})
		if err != nil || len(out.Table.GlobalSecondaryIndexes) != 3 {
			t.Fatalf("%v %v", out, err)
		}
		for _, i := range out.Table.GlobalSecondaryIndexes {
			if i.IndexStatus != types.IndexStatusActive || !strings.HasSuffix(aws.ToString(i.IndexArn), "/index/"+aws.ToString(i.IndexName)) || i.Projection == nil {
				t.Errorf("%+v", i)
			}
		}
		for what, spoil := range map[string]func(*sdk.CreateTableInput){
			"an attribute that no key has": func(in *sdk.CreateTableInput) {
				in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String("x"), AttributeType: "S"})
			},
			"a key that is not defined":       func(in *sdk.CreateTableInput) { in.GlobalSecondaryIndexes[0].KeySchema = schema("x") },
			"one name twice":                  func(in *sdk.CreateTableInput) { in.GlobalSecondaryIndexes[1].IndexName = aws.String("by-day") },
			"a name too short":                func(in *sdk.CreateTableInput) { in.GlobalSecondaryIndexes[0].IndexName = aws.String("by") },
			"a projection of an unknown kind": func(in *sdk.CreateTableInput) { in.GlobalSecondaryIndexes[0].Projection.ProjectionType = "SOME" },
			"keys only, and more": func(in *sdk.CreateTableInput) {
				in.GlobalSecondaryIndexes[1].Projection.NonKeyAttributes = []string{"note"}
			},
			"included, and nothing": func(in *sdk.CreateTableInput) { in.GlobalSecondaryIndexes[2].Projection.NonKeyAttributes = nil },
			"no partition key":      func(in *sdk.CreateTableInput) { in.GlobalSecondaryIndexes[0].KeySchema[0].KeyType = types.KeyTypeRange },
		} {
			in := eventsInput("never")
			spoil(in)
			if _, err := client.CreateTable(t.Context(), in); code(err) != "ValidationException" {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}
