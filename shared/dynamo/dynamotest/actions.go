package dynamotest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// request is what the actions and the safety of a request can be told by.
type request struct {
	TableName          string
	IndexName          string
	ConsistentRead     bool
	ClientRequestToken string
	TransactItems      []map[string]struct{ TableName string }
	RequestItems       map[string]struct{ ConsistentRead bool }
}

func decode(t testing.TB, call Call) (r request) {
	t.Helper()
	if err := json.Unmarshal(call.Body, &r); err != nil {
		t.Fatalf("a request of %s: %v", call.Operation, err)
	}
	return r
}

// Actions returns the IAM actions that the calls need, each with its table's logical id, sorted: "GetItem AccountsTable"; an
// index follows its table: "Query AuditTable/by-day". A transaction needs the actions of its parts.
func Actions(t testing.TB, calls []Call) []string {
	t.Helper()
	needed := map[string]bool{}
	add := func(action, table string) {
		_, logicalID, _ := strings.Cut(table, ".")
		needed[action+" "+logicalID] = true
	}
	for _, call := range calls {
		r := decode(t, call)
		for _, item := range r.TransactItems {
			for kind, of := range item {
				add(kind+"Item", of.TableName)
			}
		}
		for table := range r.RequestItems {
			add(call.Operation, table)
		}
		switch {
		case r.IndexName != "":
			add(call.Operation, r.TableName+"/"+r.IndexName)
		case r.TableName != "":
			add(call.Operation, r.TableName)
		}
	}
	return slices.Sorted(maps.Keys(needed))
}

// CheckSafe checks that every read among the calls is strongly consistent, or of an index, which can't be; that every transaction carries
// a token that makes it safe to repeat; and that nothing queries, scans or works in batches, but for the listings named: "Query
// AuditTable". What ends sessions must not: a query may miss a row whose transaction is committing.
func CheckSafe(t testing.TB, calls []Call, listings ...string) {
	t.Helper()
	for _, call := range calls {
		r := decode(t, call)
		switch call.Operation {
		case "GetItem":
			if !r.ConsistentRead {
				t.Errorf("a read of %s is not strongly consistent", r.TableName)
			}
		case "TransactWriteItems":
			if r.ClientRequestToken == "" {
				t.Error("a transaction has no ClientRequestToken")
			}
		case "Query", "Scan", "BatchGetItem":
			for _, action := range Actions(t, []Call{call}) {
				if !slices.Contains(listings, action) {
					t.Errorf("%s is no listing of this store", action)
				}
			}
			if call.Operation != "BatchGetItem" && !r.ConsistentRead && r.IndexName == "" {
				t.Errorf("a page of %s is not strongly consistent", r.TableName)
			}
			for table, of := range r.RequestItems {
				if !of.ConsistentRead {
					t.Errorf("a batch of %s is not strongly consistent", table)
				}
			}
		case "PutItem", "UpdateItem", "DeleteItem", "CreateTable", "DeleteTable":
		default:
			t.Errorf("%s is no operation of ours", call.Operation)
		}
	}
}
