package iam

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestEachOperationAsksForItsActionsOnWhatItNames(t *testing.T) {
	table := func(name string) string { return "arn:aws:dynamodb:us-east-1:123456789012:table/" + name }
	for _, test := range []struct {
		operation, body string
		want            []string // "action resource"
	}{
		{"GetItem", `{"TableName":"A","Key":{}}`, []string{"GetItem " + table("A")}},
		{"PutItem", `{"TableName":"A","Item":{"TableName":{"S":"B"}}}`, []string{"PutItem " + table("A")}},
		{"UpdateItem", `{"TableName":"arn:aws:dynamodb:eu-west-1:1:table/A"}`, []string{"UpdateItem arn:aws:dynamodb:eu-west-1:1:table/A"}},
		{"Query", `{"TableName":"A","IndexName":"by-name"}`, []string{"Query " + table("A/index/by-name")}},
		{"Scan", `{"TableName":"A"}`, []string{"Scan " + table("A")}},
		{"DescribeTable", `{"TableName":"A"}`, []string{"DescribeTable " + table("A")}},
		{"BatchGetItem", `{"RequestItems":{"B":{"Keys":[]},"A":{}}}`, []string{"BatchGetItem " + table("A"), "BatchGetItem " + table("B")}},
		{"Scan", `{"TableName":"A","IndexName":"by-name"}`, []string{"Scan " + table("A/index/by-name")}},
		{"BatchWriteItem", `{"RequestItems":{"A":[{"PutRequest":{}}]}}`, []string{"BatchWriteItem " + table("A")}},
		{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"A"}},{"Get":{"TableName":"B"}}]}`, []string{"GetItem " + table("A"), "GetItem " + table("B")}},
		{
			"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"A"}},{"Update":{"TableName":"B"}},{"Delete":{"TableName":"C"}},{"ConditionCheck":{"TableName":"D"}}]}`,
			[]string{"PutItem " + table("A"), "UpdateItem " + table("B"), "DeleteItem " + table("C"), "ConditionCheckItem " + table("D")},
		},
	} {
		requests, err := dynamoDBRequests(test.operation, []byte(test.body))
		if err != nil {
			t.Errorf("%s %s: %v", test.operation, test.body, err)
		}
		var got []string
		for _, r := range requests {
			got = append(got, strings.TrimPrefix(r.Action, "dynamodb:")+" "+r.Resource)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s %s: %q", test.operation, test.body, got)
		}
	}
}

func TestACallOfKMSHasItsEncryptionContext(t *testing.T) {
	const key = "arn:aws:kms:us-east-1:123456789012:key/1"
	pairs := map[string][]string{
		"kms:encryptioncontext:purpose": {"Secret"}, "kms:encryptioncontext:user_id": {"7"}, "kms:encryptioncontextkeys": {"Purpose", "user_id"},
	}
	for _, test := range []struct {
		operation, body string
		want            Request
	}{
		{"Encrypt", `{"KeyId":"1","EncryptionContext":{"user_id":"7","Purpose":"Secret"}}`, Request{"kms:Encrypt", key, pairs}},
		{"Decrypt", `{"KeyId":"` + key + `","CiphertextBlob":"AA=="}`, Request{"kms:Decrypt", key, map[string][]string{}}},
		{"GenerateDataKey", `{"KeyId":"arn:aws:kms:eu-west-1:1:key/2"}`, Request{"kms:GenerateDataKey", "arn:aws:kms:eu-west-1:1:key/2", map[string][]string{}}},
	} {
		got, err := kmsRequests(test.operation, []byte(test.body))
		if err != nil || !reflect.DeepEqual(got, []Request{test.want}) {
			t.Errorf("%s %s: %+v %v", test.operation, test.body, got, err)
		}
	}
}

func TestACallThatCanNotBeJudgedIsAnError(t *testing.T) {
	var unreadable error // any error will do
	for _, test := range []struct {
		requests        func(string, []byte) ([]Request, error)
		operation, body string
		want            error
	}{
		{dynamoDBRequests, "ExecuteStatement", `{"Statement":"SELECT * FROM A"}`, errUnknown},
		{dynamoDBRequests, "CreateTable", `{"TableName":"A"}`, errUnknown},
		{dynamoDBRequests, "", `{}`, errUnknown},
		{dynamoDBRequests, "GetItem", `{}`, errNoTable},
		{dynamoDBRequests, "BatchGetItem", `{"RequestItems":{}}`, errNoTable},
		{dynamoDBRequests, "TransactWriteItems", `{"TransactItems":[]}`, errNoTable},
		{dynamoDBRequests, "TransactWriteItems", `{"TransactItems":[{}]}`, errNoTable},
		{dynamoDBRequests, "TransactWriteItems", `{"TransactItems":[{"Put":{}}]}`, errNoTable},
		{dynamoDBRequests, "TransactWriteItems", `{"TransactItems":[{"put":{"TableName":"A"}}]}`, errUnknown},
		{dynamoDBRequests, "TransactGetItems", `{"TransactItems":[{"Put":{"TableName":"A"}}]}`, errUnknown},
		{dynamoDBRequests, "GetItem", `{"TableName":"A","TableName":"B"}`, unreadable},
		{dynamoDBRequests, "GetItem", `{"TableName":"A","tablename":"B"}`, unreadable},
		{dynamoDBRequests, "GetItem", `{"tablename":"A"}`, errSpelling},
		{dynamoDBRequests, "Query", `{"TableName":"A","indexName":"by-name"}`, errSpelling},
		{dynamoDBRequests, "Query", `{"TableName":"A","IndexName":"by-name","indexName":"by-day"}`, unreadable},
		{dynamoDBRequests, "BatchGetItem", `{"RequestItems":{"A":{}},"requestItems":{"B":{}}}`, unreadable},
		{dynamoDBRequests, "TransactWriteItems", `{"TransactItems":[{"Put":{"tableName":"A"}}]}`, errSpelling},
		{kmsRequests, "Decrypt", `{"keyId":"1"}`, errSpelling},
		{dynamoDBRequests, "GetItem", `{"TableName":["A"]}`, unreadable},
		{dynamoDBRequests, "GetItem", `{"TableName":"A"}{"TableName":"B"}`, unreadable},
		{dynamoDBRequests, "GetItem", "", unreadable},
		{dynamoDBRequests, "BatchGetItem", `[]`, unreadable},
		{dynamoDBRequests, "TransactGetItems", `{"TransactItems":{}}`, unreadable},
		{kmsRequests, "ScheduleKeyDeletion", `{"KeyId":"1"}`, errUnknown},
		{kmsRequests, "Decrypt", `{"CiphertextBlob":"AA=="}`, errNoKey},
		{kmsRequests, "Encrypt", `{"KeyId":"alias/sallyport"}`, errNoKey},
		{kmsRequests, "Encrypt", `{"KeyId":"arn:aws:kms:us-east-1:123456789012:alias/sallyport"}`, errNoKey},
		{kmsRequests, "Decrypt", `{"KeyId":"1","EncryptionContext":{"stage":"a","Stage":"b"}}`, unreadable},
		{kmsRequests, "Decrypt", `{"KeyId":"1","EncryptionContext":{"stage":"a","stage":"b"}}`, unreadable},
		{kmsRequests, "Decrypt", `{"KeyId":1}`, unreadable},
	} {
		requests, err := test.requests(test.operation, []byte(test.body))
		if err == nil || requests != nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s %s: %v, %v", test.operation, test.body, requests, err)
		}
	}
}

func FuzzWhatACallAsksForIsNeverNothing(f *testing.F) {
	f.Add("TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"A"}}]}`)
	f.Add("Decrypt", `{"KeyId":"1","EncryptionContext":{"a":"b"}}`)
	f.Fuzz(func(t *testing.T, operation, body string) {
		for _, requests := range []func(string, []byte) ([]Request, error){dynamoDBRequests, kmsRequests} {
			got, err := requests(operation, []byte(body))
			if (err == nil) != (len(got) > 0) {
				t.Errorf("%s %s: %v, %v", operation, body, got, err)
			}
			for _, r := range got {
				if r.Action == "" || !strings.HasPrefix(r.Resource, "arn:") {
					t.Errorf("%s %s: %+v", operation, body, r)
				}
			}
		}
	})
}
