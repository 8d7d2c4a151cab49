package dynamo_test

import (
	"math"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/apperr"
	"sallyport/shared/dynamo"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

func number(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

func list(values ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: values}
}

func TestAWellFormedRowIsRead(t *testing.T) {
	id := token.NewID()
	row := dynamo.NewRow("T", dynamo.Item{
		"text": dynamo.S("é"), "int": dynamo.N(7), "most": number("9223372036854775807"), "zero": dynamo.N(0),
		"bytes": dynamo.B([]byte{0}), "id": dynamo.S(id.String()), "role": dynamo.S("ADMIN"),
		"texts": dynamo.Strings([]string{"a", "b"}), "none": dynamo.Strings(nil),
		"rows": dynamo.M(dynamo.Item{"k": dynamo.M(dynamo.Item{"n": dynamo.N(3)})}), "norows": dynamo.M(nil),
	})
	rows := row.Rows("rows")
	got := []any{
		row.Text("text"), row.Int("int", 7), row.Number("most"), row.Count("zero"), row.Bytes("bytes"), row.ID("id"), row.Role("role"),
		row.Texts("texts"), row.Texts("none"), len(rows), rows["k"].Count("n"), len(row.Rows("norows")), row.Has("int"), row.Has("other"),
	}
	want := []any{
		"é", int64(7), int64(math.MaxInt64), 0, []byte{0}, id, policy.Admin,
		[]string{"a", "b"}, []string{}, 1, 3, 0, true, false,
	}
	if !reflect.DeepEqual(got, want) || row.Err() != nil {
		t.Errorf("got %v, %v", got, row.Err())
	}
}

func TestAMalformedRowIsRefusedAndStaysSo(t *testing.T) {
	text := func(r *dynamo.Row) { r.Text("a") }
	count := func(r *dynamo.Row) { r.Count("a") }
	unix := func(r *dynamo.Row) { r.Number("a") }
	bytes := func(r *dynamo.Row) { r.Bytes("a") }
	id := func(r *dynamo.Row) { r.ID("a") }
	texts := func(r *dynamo.Row) { r.Texts("a") }
	rows := func(r *dynamo.Row) {
		for _, inner := range r.Rows("a") {
			inner.Text("b")
		}
	}
	for name, test := range map[string]struct {
		value types.AttributeValue
		read  func(*dynamo.Row)
	}{
		"absent text":                 {nil, text},
		"empty text":                  {dynamo.S(""), text},
		"text that is a number":       {dynamo.N(1), text},
		"text that is null":           {&types.AttributeValueMemberNULL{Value: true}, text},
		"absent number":               {nil, unix},
		"number that is text":         {dynamo.S("1"), unix},
		"negative number":             {dynamo.N(-1), unix},
		"fraction":                    {number("1.5"), unix},
		"number with an exponent":     {number("1e3"), unix},
		"number over 64 bits":         {number("9223372036854775808"), unix},
		"empty number":                {number(""), unix},
		"count over its bound":        {number("2147483648"), count},
		"absent binary":               {nil, bytes},
		"empty binary":                {dynamo.B(nil), bytes},
		"binary that is text":         {dynamo.S("x"), bytes},
		"id in upper case":            {dynamo.S("000102030405060708090A0B0C0D0E0F"), id},
		"id too short":                {dynamo.S("00"), id},
		"absent id":                   {nil, id},
		"role in lower case":          {dynamo.S("admin"), func(r *dynamo.Row) { r.Role("a") }},
		"absent list":                 {nil, texts},
		"list that is a map":          {dynamo.M(nil), texts},
		"list with a number":          {list(dynamo.S("x"), dynamo.N(1)), texts},
		"list with an empty text":     {list(dynamo.S("")), texts},
		"absent map":                  {nil, rows},
		"map that is a list":          {list(), rows},
		"map with a text":             {dynamo.M(dynamo.Item{"k": dynamo.S("x")}), rows},
		"map with a malformed inside": {dynamo.M(dynamo.Item{"k": dynamo.M(dynamo.Item{"b": dynamo.N(1)})}), rows},
	} {
		t.Run(name, func(t *testing.T) {
			item := dynamo.Item{"good": dynamo.N(1)}
			if test.value != nil {
				item["a"] = test.value
			}
			row := dynamo.NewRow("T", item)
			row.Count("good")
			if err := row.Err(); err != nil {
				t.Fatalf("before: %v", err)
			}
			test.read(row)
			row.Count("good")
			refusal := apperr.From(row.Err())
			if row.Err() == nil || refusal.Code != apperr.Corrupt || !refusal.Alarm || refusal.Reason != dynamo.ReasonMalformed {
				t.Errorf("got %v", row.Err())
			}
		})
	}
}
