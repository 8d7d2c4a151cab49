package sessionstore_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/apperr"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
	"sallyport/shared/token"
)

func open(t *testing.T, client *dynamodb.Client) (*sessionstore.Store, dynamotest.Tables) {
	t.Helper()
	tables := dynamotest.MakeTables(t, client)
	return sessionstore.New(client, sessionstore.Tables{Tokens: tables.Tokens, Accounts: tables.Accounts}), tables
}

func put(t *testing.T, client *dynamodb.Client, table string, item dynamo.Item) {
	t.Helper()
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: item}); err != nil {
		t.Fatalf("PutItem: %v", err)
	}
}

func TestTheStoreKeepsTheContract(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		sessiontest.TestStore(t, func(t *testing.T) sessiontest.Stores {
			wire := &dynamotest.Wire{}
			t.Cleanup(func() { dynamotest.CheckSafe(t, wire.Calls(), "BatchGetItem TokensTable") })
			client := server.Client(wire)
			store, tables := open(t, client)
			return sessiontest.Stores{Records: store, Renewer: store, Ender: store, Lister: store, Add: func(t *testing.T, record session.Record) {
				put(t, client, tables.Tokens, sessionstore.Item(record))
			}}
		})
	})
}

func TestAMalformedRecordIsRefused(t *testing.T) {
	client := dynamotest.Embedded(t).Client(nil)
	store, tables := open(t, client)
	for name, spoil := range map[string]func(dynamo.Item){
		"session_id absent":   func(i dynamo.Item) { delete(i, "session_id") },
		"session_id empty":    func(i dynamo.Item) { i["session_id"] = dynamo.S("") },
		"username a number":   func(i dynamo.Item) { i["username"] = dynamo.N(1) },
		"role unknown":        func(i dynamo.Item) { i["role"] = dynamo.S("ROOT") },
		"role in lower case":  func(i dynamo.Item) { i["role"] = dynamo.S("admin") },
		"role absent":         func(i dynamo.Item) { delete(i, "role") },
		"issued_at a string":  func(i dynamo.Item) { i["issued_at"] = dynamo.S("1795000000") },
		"expires_at absent":   func(i dynamo.Item) { delete(i, "expires_at") },
		"expires_at negative": func(i dynamo.Item) { i["expires_at"] = dynamo.N(-1) },
		"sealed absent":       func(i dynamo.Item) { delete(i, "sealed") },
		"sealed a string":     func(i dynamo.Item) { i["sealed"] = dynamo.S("spt_") },
		"sealed empty":        func(i dynamo.Item) { i["sealed"] = dynamo.B([]byte{}) },
		"nothing but the keys": func(i dynamo.Item) {
			key := dynamo.Item{"user_id": i["user_id"], "token_id": i["token_id"]}
			clear(i)
			maps.Copy(i, key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			record := sessiontest.NewRecord()
			item := sessionstore.Item(record)
			spoil(item)
			put(t, client, tables.Tokens, item)
			got, found, err := store.Record(t.Context(), record.UserID, record.TokenID)
			if apperr.CodeOf(err) != apperr.Corrupt || found || got.Username != "" {
				t.Errorf("got %+v, %v, %v", got, found, err)
			}
			if got, err := store.RecordsOf(t.Context(), record.UserID, []token.ID{record.TokenID}); apperr.CodeOf(err) != apperr.Corrupt || got != nil {
				t.Errorf("in a list: got %+v, %v", got, err)
			}
		})
	}
}

func TestARecordFromBeforeKindsIsNoneAndNoAlarm(t *testing.T) {
	client := dynamotest.Embedded(t).Client(nil)
	store, tables := open(t, client)
	record := sessiontest.NewRecord()
	item := sessionstore.Item(record)
	for _, since := range []string{"kind", "created_at", "limit_at"} {
		delete(item, since)
	}
	put(t, client, tables.Tokens, item)
	if got, found, err := store.Record(t.Context(), record.UserID, record.TokenID); found || err != nil {
		t.Errorf("got %+v, %v, %v", got, found, err)
	}
	if got, err := store.RecordsOf(t.Context(), record.UserID, []token.ID{record.TokenID}); len(got) != 0 || err != nil {
		t.Errorf("in a list: got %+v, %v", got, err)
	}
}

func TestASessionEndsEvenIfItsAccountIsMalformed(t *testing.T) {
	client := dynamotest.Embedded(t).Client(nil)
	store, tables := open(t, client)
	record := sessiontest.NewRecord()
	put(t, client, tables.Tokens, sessionstore.Item(record))
	put(t, client, tables.Accounts, dynamo.Item{"username": dynamo.S(record.Username), "user_id": dynamo.S(record.UserID.String())})
	if err := store.EndSession(t.Context(), record.Identity()); err != nil {
		t.Fatalf("EndSession: %v", err)
	}
	if _, found, err := store.Record(t.Context(), record.UserID, record.TokenID); found || err != nil {
		t.Errorf("the record is there: %v, %v", found, err)
	}
}

func TestEachMethodNeedsItsActionsAndNoOther(t *testing.T) {
	wire := &dynamotest.Wire{}
	store, _ := open(t, dynamotest.Embedded(t).Client(wire))
	record := sessiontest.NewRecord()
	wire.Calls()
	if _, _, err := store.Record(t.Context(), record.UserID, record.TokenID); err != nil {
		t.Fatal(err)
	}
	if got, want := dynamotest.Actions(t, wire.Calls()), []string{"GetItem TokensTable"}; !slices.Equal(got, want) {
		t.Errorf("Record needs %q", got)
	}
	if _, err := store.RecordsOf(t.Context(), record.UserID, []token.ID{record.TokenID}); err != nil {
		t.Fatal(err)
	}
	if got, want := dynamotest.Actions(t, wire.Calls()), []string{"BatchGetItem TokensTable"}; !slices.Equal(got, want) {
		t.Errorf("RecordsOf needs %q", got)
	}
	if err := store.EndSession(t.Context(), record.Identity()); err != nil {
		t.Fatal(err)
	}
	want := []string{"DeleteItem TokensTable", "UpdateItem AccountsTable"}
	if got := dynamotest.Actions(t, wire.Calls()); !slices.Equal(got, want) {
		t.Errorf("EndSession needs %q", got)
	}
}
