package iam_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sallyport/tools/local/iam"
	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// What the guard adds to a GetItem: by itself, and over the SDK, where the operator's call passes it unread.
func BenchmarkGetItem(b *testing.B) {
	b.Run("guard alone", func(b *testing.B) {
		guard := iam.NewDynamoDBGuard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), func(d iam.Denial) { b.Error(d) })
		guard.Enforce(template.StackName, []template.Function{{LogicalID: "TestFunction", Statements: []template.Statement{on(arn("Others"), "dynamodb:PutItem"), on(arn("Things"), "dynamodb:GetItem")}}})
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/", http.NoBody)
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810.GetItem")
		r.Header.Set("X-Amz-Security-Token", "token")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+lambda.AccessKeyID("TestFunction")+"/20261125/us-east-1/dynamodb/aws4_request")
		const body = `{"ConsistentRead":true,"Key":{"token_id":{"S":"00112233445566778899aabbccddeeff"},"user_id":{"S":"00112233445566778899aabbccddeeff"}},"TableName":"Things"}`
		b.ReportAllocs()
		for b.Loop() {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			guard.ServeHTTP(nil, r)
		}
	})
	g := newGuarded(b)
	for _, who := range []struct {
		name string
		caller
	}{{"SDK, operator", g.operator}, {"SDK, function", g.function(on(arn("Things"), "dynamodb:GetItem"))}} {
		b.Run(who.name, func(b *testing.B) {
			get := who.calls(b.Context(), "Things")["GetItem"]
			for b.Loop() {
				if err := get(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
