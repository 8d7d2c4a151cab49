package clientstore_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/apperr"
	"sallyport/shared/client"
	"sallyport/shared/client/clienttest"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/clientstore"
	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/token"
)

func TestDynamoDBKeepsTheContractOfClients(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		database := server.Client(nil)
		clienttest.Contract(t, func(t *testing.T) clienttest.Everything {
			t.Helper()
			return clientstore.New(database, dynamotest.MakeTables(t, database).Clients)
		})
	})
}

func TestADamagedClientLetsNobodyIn(t *testing.T) {
	database := dynamotest.Embedded(t).Client(nil)
	table := dynamotest.MakeTables(t, database).Clients
	store := clientstore.New(database, table)
	good := client.Client{ID: token.NewID(), Name: "Notes", SecretHash: client.Hash{1}, MadeBy: token.NewID(), CreatedAt: 1_795_435_200}
	if err := store.AddClient(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	whole, err := database.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(table), Key: dynamo.Item{"client_id": dynamo.S(good.ID.String())}})
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(dynamo.Item){
		"no hash":           func(row dynamo.Item) { delete(row, "secret_hash") },
		"a hash as text":    func(row dynamo.Item) { row["secret_hash"] = dynamo.S("abc") },
		"a short hash":      func(row dynamo.Item) { row["secret_hash"] = dynamo.B([]byte{1}) },
		"a long hash":       func(row dynamo.Item) { row["secret_hash"] = dynamo.B(make([]byte, 33)) },
		"no name":           func(row dynamo.Item) { delete(row, "name") },
		"a maker of no id":  func(row dynamo.Item) { row["made_by"] = dynamo.S("somebody") },
		"a time of no time": func(row dynamo.Item) { row["created_at"] = dynamo.N(-1) },
	} {
		row := dynamo.Item{}
		for attribute, value := range whole.Item {
			row[attribute] = value
		}
		damage(row)
		if err := dynamo.Put(t.Context(), database, &dynamodb.PutItemInput{TableName: aws.String(table), Item: row}); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := store.Client(t.Context(), good.ID); ok || apperr.CodeOf(err) != apperr.Corrupt {
			t.Errorf("%s: found %t, %v", name, ok, err)
		}
		if page, _, err := store.Clients(t.Context(), 10, ""); page != nil || apperr.CodeOf(err) != apperr.Corrupt {
			t.Errorf("%s: listed %v, %v", name, page, err)
		}
	}
}

func TestARemovalWhoseAnswerIsLostIsNoError(t *testing.T) {
	wire := &dynamotest.Wire{}
	database := dynamotest.Embedded(t).Client(wire)
	store := clientstore.New(database, dynamotest.MakeTables(t, database).Clients)
	one := client.Client{ID: token.NewID(), Name: "Notes", MadeBy: token.NewID(), CreatedAt: 1_795_435_200}
	if err := store.AddClient(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	wire.Set(dynamotest.First(2, dynamotest.Loses))
	if err := store.RemoveClient(t.Context(), one.ID); err != nil {
		t.Errorf("RemoveClient: %v", err)
	}
	wire.Set(nil)
	if _, found, err := store.Client(t.Context(), one.ID); found || err != nil {
		t.Errorf("found %t, %v", found, err)
	}
	if err := store.RemoveClient(t.Context(), one.ID); !errors.Is(err, client.ErrNoClient) {
		t.Errorf("removed twice: %v", err)
	}
}
