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

func TestAKeyConditionChoosesAPartitionAndARangeInItsOrder(t *testing.T) {
	eachServer(t, func(t *testing.T, client *sdk.Client, events string) {
		seed(t, client, events)
		for _, test := range []struct {
			index, condition string
			values           item
			backwards        bool
			want             string
		}{
			{"", "account = :p", item{":p": s("a")}, false, "0 2 4 6 8"},
			{"", "account = :p", item{":p": s("a")}, true, "8 6 4 2 0"},
			{"", "account = :p", item{":p": s("nobody")}, false, ""},
			{"", "account = :p AND #at = :x", item{":p": s("a"), ":x": s("t4")}, false, "4"},
			{"", "#at = :x AND account = :p", item{":p": s("a"), ":x": s("t4")}, false, "4"},
			{"", "(account = :p) AND (#at > :x)", item{":p": s("a"), ":x": s("t4")}, false, "6 8"},
			{"", "(account = :p AND #at >= :x)", item{":p": s("a"), ":x": s("t4")}, true, "8 6 4"},
			{"", "account = :p AND #at < :x", item{":p": s("a"), ":x": s("t4")}, false, "0 2"},
			{"", "account = :p AND #at <= :x", item{":p": s("a"), ":x": s("t4")}, false, "0 2 4"},
			{"", "account = :p AND #at BETWEEN :x AND :y", item{":p": s("a"), ":x": s("t1"), ":y": s("t6")}, true, "6 4 2"},
			{"", "account = :p AND begins_with(#at, :x)", item{":p": s("a"), ":x": s("t")}, false, "0 2 4 6 8"},
			{"", "account = :p AND begins_with(#at, :x)", item{":p": s("a"), ":x": s("t8")}, false, "8"},
			{"by-day", "#day = :p", item{":p": s("mon")}, false, "0 1 2 4"},
			{"by-day", "#day = :p", item{":p": s("tue")}, true, "9 8 7 6 5"},
			{"by-day", "#day = :p AND #at BETWEEN :x AND :y", item{":p": s("tue"), ":x": s("t6"), ":y": s("t8")}, false, "6 7 8"},
			{"by-rank", "#day = :p", item{":p": s("mon")}, false, "0 1 2"},
			{"by-rank", "#day = :p AND #rank > :x", item{":p": s("tue"), ":x": n("34")}, false, "7 8 9"},
			{"by-rank", "#day = :p AND #rank BETWEEN :x AND :y", item{":p": s("mon"), ":x": n("-11.00"), ":y": n("1e1")}, true, "2 1"},
			{"by-number", "#rank = :p", item{":p": n("7.0")}, false, "3"},
		} {
			in := &sdk.QueryInput{TableName: &events, KeyConditionExpression: &test.condition, ExpressionAttributeValues: test.values, ScanIndexForward: aws.Bool(!test.backwards)}
			if test.index != "" {
				in.IndexName = &test.index
			}
			for placeholder, name := range map[string]string{"#at": "at", "#day": "day", "#rank": "rank"} {
				if strings.Contains(test.condition, placeholder) {
					if in.ExpressionAttributeNames == nil {
						in.ExpressionAttributeNames = map[string]string{}
					}
					in.ExpressionAttributeNames[placeholder] = name
				}
			}
			out, err := client.Query(t.Context(), in)
			if err != nil {
				t.Errorf("%s %s: %v", test.index, test.condition, err)
				continue
			}
			if got := ats(out.Items); got != test.want || out.LastEvaluatedKey != nil || int(out.Count) != len(out.Items) {
				t.Errorf("%s %s: %q, want %q; last key %v, count %d", test.index, test.condition, got, test.want, out.LastEvaluatedKey, out.Count)
			}
		}
	})
}

// walk reads all pages and returns them as "0 2|4", with the rows gone through as another such list.
func walk(t *testing.T, read func(start item) (items []item, scanned int32, last item, err error)) (pages, scans string) {
	t.Helper()
	var all, counts []string
	var start item
	for range 50 {
		items, scanned, last, err := read(start)
		if err != nil {
			t.Fatal(err)
		}
		all, counts = append(all, ats(items)), append(counts, fmt.Sprint(scanned))
		if start = last; last == nil {
			return strings.Join(all, "|"), strings.Join(counts, "|")
		}
	}
	t.Fatal("the pages have no end")
	return "", ""
}

func TestALimitCountsRowsBeforeTheFilterAndItsPageNamesTheLastRowEvenIfNoneFollows(t *testing.T) {
	eachServer(t, func(t *testing.T, client *sdk.Client, events string) {
		seed(t, client, events)
		for _, test := range []struct {
			index, partition string
			limit            int32
			filter           bool
			backwards        bool
			pages, scans     string
		}{
			{"", "a", 2, false, false, "0 2|4 6|8", "2|2|1"},
			{"", "a", 5, false, false, "0 2 4 6 8|", "5|0"},
			{"", "a", 6, false, false, "0 2 4 6 8", "5"},
			{"", "b", 2, true, true, "9 7|5 3|1", "2|2|1"},
			{"", "a", 2, true, true, "||", "2|2|1"},
			{"by-day", "mon", 2, true, false, "1||", "2|2|0"},
			{"by-day", "tue", 3, true, true, "9 7|5", "3|2"},
			{"by-rank", "mon", 1, false, true, "2|1|0|", "1|1|1|0"},
		} {
			in := &sdk.QueryInput{TableName: &events, KeyConditionExpression: aws.String("#p = :p"), ExpressionAttributeNames: map[string]string{"#p": "account"},
				ExpressionAttributeValues: item{":p": s(test.partition)}, Limit: &test.limit, ScanIndexForward: aws.Bool(!test.backwards)}
			if test.index != "" {
				in.IndexName, in.ExpressionAttributeNames["#p"] = &test.index, "day"
			}
			if test.filter {
				in.FilterExpression, in.ExpressionAttributeValues[":t"] = aws.String("odd = :t"), &types.AttributeValueMemberBOOL{Value: true}
			}
			pages, scans := walk(t, func(start item) ([]item, int32, item, error) {
				in.ExclusiveStartKey = start
				out, err := client.Query(t.Context(), in)
				if err != nil {
					return nil, 0, nil, err
				}
				return out.Items, out.ScannedCount, out.LastEvaluatedKey, nil
			})
			if pages != test.pages || scans != test.scans {
				t.Errorf("%s %s by %d: %s, scanned %s; want %s, %s", test.index, test.partition, test.limit, pages, scans, test.pages, test.scans)
			}
		}
	})
}

func TestAScanMeetsEveryRowOnceWhateverThePagesAndGoesOnAfterARowThatIsGone(t *testing.T) {
	eachServer(t, func(t *testing.T, client *sdk.Client, events string) {
		seed(t, client, events)
		for _, index := range []*string{nil, aws.String("by-day"), aws.String("by-rank")} {
			for limit := int32(1); limit < 12; limit++ {
				pages, _ := walk(t, func(start item) ([]item, int32, item, error) {
					out, err := client.Scan(t.Context(), &sdk.ScanInput{TableName: &events, IndexName: index, Limit: &limit, ExclusiveStartKey: start})
					if err != nil {
						return nil, 0, nil, err
					}
					return out.Items, out.ScannedCount, out.LastEvaluatedKey, nil
				})
				rows := strings.FieldsFunc(pages, func(r rune) bool { return r == ' ' || r == '|' })
				slices.Sort(rows)
				want := map[string]string{"": "0 1 2 3 4 5 6 7 8 9", "by-day": "0 1 2 4 5 6 7 8 9", "by-rank": "0 1 2 5 6 7 8 9"}[aws.ToString(index)]
				if got := strings.Join(rows, " "); got != want {
					t.Errorf("%s by %d: %s", aws.ToString(index), limit, got)
				}
			}
		}
		// Each row is deleted before the page after it is asked for.
		seen := 0
		for _, query := range []bool{false, true} {
			walk(t, func(start item) ([]item, int32, item, error) {
				if start != nil {
					if _, err := client.DeleteItem(t.Context(), &sdk.DeleteItemInput{TableName: &events, Key: start}); err != nil {
						return nil, 0, nil, err
					}
				}
				if query {
					out, err := client.Query(t.Context(), &sdk.QueryInput{TableName: &events, Limit: aws.Int32(1), ExclusiveStartKey: start,
						KeyConditionExpression: aws.String("account = :p"), ExpressionAttributeValues: item{":p": s("a")}})
					if err != nil {
						return nil, 0, nil, err
					}
					seen += len(out.Items)
					return out.Items, out.ScannedCount, out.LastEvaluatedKey, nil
				}
				out, err := client.Scan(t.Context(), &sdk.ScanInput{TableName: &events, Limit: aws.Int32(1), ExclusiveStartKey: start})
				if err != nil {
					return nil, 0, nil, err
				}
				seen += len(out.Items)
				return out.Items, out.ScannedCount, out.LastEvaluatedKey, nil
			})
			if want := map[bool]int{false: 10, true: 15}[query]; seen != want {
				t.Errorf("query %t: %d rows, want %d", query, seen, want)
			}
			seed(t, client, events)
		}
	})
}

func TestAPageEndsAtAMegabyteOfRows(t *testing.T) {
	eachServer(t, func(t *testing.T, client *sdk.Client, events string) {
		seedLarge(t, client, events)
		pages, scans := walkLarge(t, client, events, nil)
		if pages != "0 1 2 3|4 5 6" || scans != "4|3" {
			t.Errorf("%s, scanned %s", pages, scans)
		}
	})
}

// DynamoDB Local counts what the filter leaves.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.FilterExpression.html: "A single Query operation can retrieve a
// maximum of 1 MB of data. This limit applies before the filter expression is evaluated."
func TestTheMegabyteIsCountedBeforeTheFilter(t *testing.T) {
	client, _ := newClient(t)
	events := makeEvents(t, client)
	seedLarge(t, client, events)
	pages, scans := walkLarge(t, client, events, func(in *sdk.QueryInput) {
		in.FilterExpression, in.ExpressionAttributeValues[":t"] = aws.String("odd = :t"), &types.AttributeValueMemberBOOL{Value: true}
	})
	if pages != "1 3|5" || scans != "4|3" {
		t.Errorf("%s, scanned %s", pages, scans)
	}
}

// seedLarge puts seven rows of 300 kB each.
func seedLarge(t *testing.T, client *sdk.Client, events string) {
	t.Helper()
	for i := range 7 {
		row := event("a", fmt.Sprint("t", i), "mon", "")
		row["note"] = s(strings.Repeat("x", 300_000))
		put(t, client, events, row)
	}
}

func walkLarge(t *testing.T, client *sdk.Client, events string, change func(*sdk.QueryInput)) (pages, scans string) {
	t.Helper()
	in := &sdk.QueryInput{TableName: &events, KeyConditionExpression: aws.String("account = :p"), ExpressionAttributeValues: item{":p": s("a")}}
	if change != nil {
		change(in)
	}
	return walk(t, func(start item) ([]item, int32, item, error) {
		in.ExclusiveStartKey = start
		out, err := client.Query(t.Context(), in)
		if err != nil {
			return nil, 0, nil, err
		}
		return out.Items, out.ScannedCount, out.LastEvaluatedKey, nil
	})
}

func TestQueriesThatDynamoDBRefusesAreRefused(t *testing.T) {
	eachServer(t, func(t *testing.T, client *sdk.Client, events string) {
		names := map[string]string{"at": "#at", "day": "#day", "rank": "#rank"}
		query := func(index, condition string, values item, change func(*sdk.QueryInput)) error {
			in := &sdk.QueryInput{TableName: &events, KeyConditionExpression: &condition, ExpressionAttributeValues: values}
			if index != "" {
				in.IndexName = &index
			}
			if change != nil {
				change(in)
			}
			texts := aws.ToString(in.KeyConditionExpression) + aws.ToString(in.FilterExpression) + aws.ToString(in.ProjectionExpression)
			for name, placeholder := range names {
				if strings.Contains(texts, placeholder) {
					if in.ExpressionAttributeNames == nil {
						in.ExpressionAttributeNames = map[string]string{}
					}
					in.ExpressionAttributeNames[placeholder] = name
				}
			}
			_, err := client.Query(t.Context(), in)
			return err
		}
		p := item{":p": s("a")}
		px := item{":p": s("a"), ":x": s("t")}
		day := item{":p": s("mon")}
		start := func(key item) func(*sdk.QueryInput) {
			return func(in *sdk.QueryInput) { in.ExclusiveStartKey = key }
		}
		filter := func(text string, values item) func(*sdk.QueryInput) {
			return func(in *sdk.QueryInput) {
				in.FilterExpression = &text
				merged := item{}
				for _, from := range []item{in.ExpressionAttributeValues, values} {
					for name, value := range from {
						merged[name] = value
					}
				}
				in.ExpressionAttributeValues = merged
			}
		}
		for what, err := range map[string]error{
			"no such index":                      query("by-night", "#day = :p", day, nil),
			"a consistent read of an index":      query("by-day", "#day = :p", day, func(in *sdk.QueryInput) { in.ConsistentRead = aws.Bool(true) }),
			"a limit of none":                    query("", "account = :p", p, func(in *sdk.QueryInput) { in.Limit = aws.Int32(0) }),
			"no partition":                       query("", "#at = :p", p, nil),
			"the table's key on an index":        query("by-day", "account = :p", p, nil),
			"another attribute":                  query("", "account = :p AND note = :x", px, nil),
			"a range of the partition":           query("", "account > :p", p, nil),
			"begins_with on the partition":       query("", "begins_with(account, :p)", p, nil),
			"two conditions on one key":          query("", "account = :p AND #at > :x AND #at < :p", px, nil),
			"the partition twice":                query("", "account = :p AND account = :x", px, nil),
			"unequal":                            query("", "account = :p AND #at <> :x", px, nil),
			"or":                                 query("", "account = :p OR #at = :x", px, nil),
			"not":                                query("", "account = :p AND NOT #at = :x", px, nil),
			"in":                                 query("", "account = :p AND #at IN (:x)", px, nil),
			"attribute_exists":                   query("", "account = :p AND attribute_exists(#at)", p, nil),
			"contains":                           query("", "account = :p AND contains(#at, :x)", px, nil),
			"a value of another type":            query("", "account = :p AND #at = :x", item{":p": s("a"), ":x": n("1")}, nil),
			"begins_with a number":               query("by-rank", "#day = :p AND begins_with(#rank, :x)", item{":p": s("a"), ":x": n("1")}, nil),
			"an empty value":                     query("", "account = :p", item{":p": s("")}, nil),
			"a turned range":                     query("", "account = :p AND #at BETWEEN :x AND :y", item{":p": s("a"), ":x": s("t2"), ":y": s("t1")}, nil),
			"two expressions":                    query("", "account = :p #at = :x", px, nil),
			"an open parenthesis":                query("", "(account = :p", p, nil),
			"a reserved word":                    query("by-day", "day = :p", day, nil),
			"an undefined value":                 query("", "account = :p AND #at = :y", p, nil),
			"an unused value":                    query("", "account = :p", px, nil),
			"a filter on the partition":          query("", "account = :p", p, filter("account <> :x", item{":x": s("x")})),
			"a filter on the sort key":           query("", "account = :p", p, filter("#at <> :x", item{":x": s("x")})),
			"a filter on the index's key":        query("by-day", "#day = :p", day, filter("#at <> :x", item{":x": s("x")})),
			"a filter with a reserved word":      query("", "account = :p", p, filter("day = :x", item{":x": s("x")})),
			"a filter of two expressions":        query("", "account = :p", p, filter("note = :x odd = :y", item{":x": s("x"), ":y": s("y")})),
			"a broken filter":                    query("", "account = :p", p, filter("note = ", nil)),
			"what the index does not project":    query("by-rank", "#day = :p", day, func(in *sdk.QueryInput) { in.ProjectionExpression = aws.String("note") }),
			"a start key of another partition":   query("", "account = :p", p, start(item{"account": s("b"), "at": s("t1")})),
			"a start key outside of the range":   query("", "account = :p AND #at > :x", item{":p": s("a"), ":x": s("t4")}, start(item{"account": s("a"), "at": s("t1")})),
			"a start key that lacks the sort":    query("", "account = :p", p, start(item{"account": s("a")})),
			"a start key with another attribute": query("", "account = :p", p, start(item{"account": s("a"), "at": s("t1"), "note": s("x")})),
			"a start key of another type":        query("", "account = :p", p, start(item{"account": s("a"), "at": n("1")})),
			"a table's start key for an index":   query("by-day", "#day = :p", day, start(item{"account": s("a"), "at": s("t1")})),
			"an index's start key for the table": query("", "account = :p", p, start(item{"account": s("a"), "at": s("t1"), "day": s("mon")})),
			"an empty value in a start key":      query("", "account = :p", p, start(item{"account": s("a"), "at": s("")})),
		} {
			if code(err) != "ValidationException" {
				t.Errorf("%s: %v", what, err)
			}
		}
		for what, in := range map[string]*sdk.ScanInput{
			"no such index":                 {IndexName: aws.String("by-night")},
			"a consistent read of an index": {IndexName: aws.String("by-day"), ConsistentRead: aws.Bool(true)},
			"a limit of none":               {Limit: aws.Int32(0)},
			"a start key that lacks a part": {ExclusiveStartKey: item{"account": s("a")}},
			"a broken filter":               {FilterExpression: aws.String("note = ")},
		} {
			in.TableName = &events
			if _, err := client.Scan(t.Context(), in); code(err) != "ValidationException" {
				t.Errorf("scan, %s: %v", what, err)
			}
		}
		// What a scan may and a query may not: filter on the key.
		if _, err := client.Scan(t.Context(), &sdk.ScanInput{TableName: &events, FilterExpression: aws.String("account = :p"), ExpressionAttributeValues: p}); err != nil {
			t.Error(err)
		}
	})
}
