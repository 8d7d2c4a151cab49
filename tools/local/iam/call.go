package iam

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"sallyport/tools/local/template"
)

// Why a call can't be judged. It is refused then: what would be let through unjudged, AWS might refuse.
var (
	errUnknown  = errors.New("the local run does not know what this operation asks for (teach tools/local/iam)")
	errNoTable  = errors.New("the call names no table")
	errSpelling = errors.New("a member of the call has its name in another case")
	errNoKey    = errors.New("the call does not name the key by its id or ARN, and the local run can't tell which one it means (give KeyId)")
)

// decode reads a request body. The embedded services match the names of members in any case, others don't; so a name that is spelt in
// another case than theirs is an error, as is any repeated name: what is judged here must be what is done there.
func decode[Call any](body []byte) (Call, error) {
	var call, loose Call
	if err := json.Unmarshal(body, &loose, json.MatchCaseInsensitiveNames(true)); err != nil {
		return call, fmt.Errorf("the call can't be read: %w", err)
	}
	if err := json.Unmarshal(body, &call); err != nil {
		return call, fmt.Errorf("the call can't be read: %w", err)
	}
	if !reflect.DeepEqual(call, loose) {
		return call, errSpelling
	}
	return call, nil
}

// dynamoDBRequests says what an operation of DynamoDB asks for: the action of its own name, on its table or index. A transaction
// asks for the actions that it is made of instead: there is none named after it.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
func dynamoDBRequests(operation string, body []byte) ([]Request, error) {
	switch operation {
	case "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "DescribeTable", "DescribeTimeToLive":
		call, err := decode[struct{ TableName, IndexName string }](body)
		if err != nil {
			return nil, err
		}
		if call.TableName == "" {
			return nil, errNoTable
		}
		arn := tableARN(call.TableName)
		if call.IndexName != "" {
			arn += "/index/" + call.IndexName
		}
		return []Request{{Action: "dynamodb:" + operation, Resource: arn}}, nil
	case "BatchGetItem", "BatchWriteItem":
		call, err := decode[struct{ RequestItems map[string]jsontext.Value }](body)
		if err != nil {
			return nil, err
		}
		var requests []Request
		for _, table := range slices.Sorted(maps.Keys(call.RequestItems)) {
			requests = append(requests, Request{Action: "dynamodb:" + operation, Resource: tableARN(table)})
		}
		if len(requests) == 0 {
			return nil, errNoTable
		}
		return requests, nil
	case "TransactGetItems":
		return transactionRequests(body, map[string]string{"Get": "GetItem"})
	case "TransactWriteItems":
		return transactionRequests(body, map[string]string{
			"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem",
		})
	}
	return nil, errUnknown
}

func transactionRequests(body []byte, actions map[string]string) ([]Request, error) {
	call, err := decode[struct {
		TransactItems []map[string]struct{ TableName string }
	}](body)
	if err != nil {
		return nil, err
	}
	var requests []Request
	for _, item := range call.TransactItems {
		for _, kind := range slices.Sorted(maps.Keys(item)) {
			action, ok := actions[kind]
			if !ok {
				return nil, errUnknown
			}
			if item[kind].TableName == "" {
				return nil, errNoTable
			}
			requests = append(requests, Request{Action: "dynamodb:" + action, Resource: tableARN(item[kind].TableName)})
		}
	}
	if len(requests) == 0 {
		return nil, errNoTable
	}
	return requests, nil
}

// tableARN takes a table's name or ARN, as TableName does.
func tableARN(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return "arn:" + template.Partition + ":dynamodb:" + template.Region + ":" + template.AccountID + ":table/" + name
}

// kmsRequests says what an operation of KMS asks for: the action of its own name on the key, with the encryption context for
// conditions. https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
//
// AWS finds out by itself which key an alias stands for and which key a ciphertext was made with. Here both are refused: the key
// must be named. That is no loss, since Decrypt should name the key anyway, so that a ciphertext under another one is refused
// (https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html, KeyId).
func kmsRequests(operation string, body []byte) ([]Request, error) {
	switch operation {
	case "Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey":
	default:
		return nil, errUnknown
	}
	call, err := decode[struct {
		KeyId             string //nolint:revive // the name on the wire
		EncryptionContext map[string]string
	}](body)
	if err != nil {
		return nil, err
	}
	if call.KeyId == "" || strings.Contains(call.KeyId, "alias/") {
		return nil, errNoKey
	}
	arn := call.KeyId
	if !strings.HasPrefix(arn, "arn:") {
		arn = "arn:" + template.Partition + ":kms:" + template.Region + ":" + template.AccountID + ":key/" + arn
	}
	context, err := encryptionContext(call.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return []Request{{Action: "kms:" + operation, Resource: arn, Context: context}}, nil
}

// encryptionContext gives the condition keys that an encryption context makes.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context, …-context-keys
func encryptionContext(pairs map[string]string) (map[string][]string, error) {
	context := make(map[string][]string, len(pairs)+1)
	for name, value := range pairs {
		key := "kms:encryptioncontext:" + strings.ToLower(name)
		if context[key] != nil {
			return nil, fmt.Errorf("the encryption context has two keys that differ in case only: %q", name)
		}
		context[key] = []string{value}
	}
	if len(pairs) > 0 {
		context["kms:encryptioncontextkeys"] = slices.Sorted(maps.Keys(pairs))
	}
	return context, nil
}
